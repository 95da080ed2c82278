//! What the store and the broker know when a migration is planned or looked at.

use crate::{ControlError, ControlPlane, account_view};
use gateway_api::{AccountState, MigrationState};
use gateway_broker::AccountStatus;
use gateway_model::{AccountId, AccountNumber, CarrierId, Environment, GrantKind, GrantStatus};
use gateway_store::{AccountRecord, AppRecord, GrantRecord, LegacyKeyRecord};
use std::collections::BTreeMap;

/// The state of one item, and the same in words for people.
#[derive(Clone)]
pub(super) struct ItemStatus {
    pub(super) state: MigrationState,
    pub(super) message: String,
}

impl ItemStatus {
    pub(super) fn new(state: MigrationState, message: impl Into<String>) -> Self {
        Self {
            state,
            message: message.into(),
        }
    }
}

/// The records of the store, and the status of the carrier's accounts.
pub(super) struct Known {
    pub(super) accounts: Vec<AccountRecord>,
    pub(super) apps: Vec<AppRecord>,
    pub(super) keys: Vec<LegacyKeyRecord>,
    /// The status of each account of the migration's carrier.
    pub(super) statuses: BTreeMap<AccountId, ItemStatus>,
}

impl Known {
    pub(super) fn account(&self, name: &AccountId) -> Option<&AccountRecord> {
        self.accounts.iter().find(|account| account.name == *name)
    }

    /// The account that has a number. If several accounts have it, one that works.
    pub(super) fn owner(
        &self,
        carrier: &CarrierId,
        number: &AccountNumber,
        environment: Environment,
    ) -> Option<(&AccountRecord, &ItemStatus)> {
        let owns = |account: &&AccountRecord| {
            account.carrier == *carrier
                && account.environment == environment
                && has(&account.numbers, number)
        };
        let owners = self.accounts.iter().filter(owns);
        owners
            .filter_map(|account| Some((account, self.statuses.get(&account.name)?)))
            // `false` sorts before `true`, so an account that works comes first.
            .min_by_key(|(_, status)| status.state != MigrationState::Compliant)
    }
}

/// Carriers ignore the case of an account number.
pub(super) fn same(one: &AccountNumber, other: &AccountNumber) -> bool {
    one.as_str().eq_ignore_ascii_case(other.as_str())
}

/// Whether a number is one of several.
pub(super) fn has(numbers: &[AccountNumber], number: &AccountNumber) -> bool {
    numbers.iter().any(|one| same(one, number))
}

impl ControlPlane {
    pub(super) async fn known_state(&self, carrier: &CarrierId) -> Result<Known, ControlError> {
        let store = &self.context.store;
        let accounts = store.accounts().await?;
        let grants = store.grants().await?;
        let broker = self.context.broker.handle();
        let ours = accounts
            .iter()
            .filter(|account| account.carrier == *carrier);
        let statuses = ours.map(|account| {
            let grant = grants.iter().find(|grant| grant.account == account.name);
            let status = broker.status(&account.name);
            (
                account.name.clone(),
                status_of(account, grant, status.as_ref()),
            )
        });
        Ok(Known {
            statuses: statuses.collect(),
            apps: store.apps().await?,
            keys: store.legacy_keys().await?,
            accounts,
        })
    }
}

/// The status of an account that has an item's number.
fn status_of(
    account: &AccountRecord,
    grant: Option<&GrantRecord>,
    status: Option<&AccountStatus>,
) -> ItemStatus {
    let name = &account.name;
    let (state, message) = account_view::state(account, status);
    let consenting = account.grant == GrantKind::AuthorizationCode;
    // The broker's word first, since the store may be a step behind it.
    let grant = status
        .map(|status| status.grant)
        .or_else(|| Some(grant?.status));
    let held = match grant {
        Some(GrantStatus::Held | GrantStatus::Presenting) => consenting,
        Some(
            GrantStatus::Repeatable
            | GrantStatus::OutcomeUnknown
            | GrantStatus::LastChance
            | GrantStatus::Spent,
        )
        | None => false,
    };
    let why = message.unwrap_or_else(|| "there is no token yet".to_owned());
    let doctor = format!("`waybill doctor {name}` says more");
    match state {
        AccountState::Inactive => ItemStatus::new(
            MigrationState::Skipped,
            format!(
                "left out: it is switched off; include it with `waybill account activate {name}`"
            ),
        ),
        AccountState::Ready => ItemStatus::new(MigrationState::Compliant, "it works already"),
        AccountState::Refused => {
            ItemStatus::new(MigrationState::Failed, format!("{why}; {doctor}"))
        }
        AccountState::Pending | AccountState::Failing if held => {
            ItemStatus::new(MigrationState::Compliant, "a person has signed in already")
        }
        AccountState::Pending | AccountState::Failing | AccountState::NeedsConsent
            if consenting =>
        {
            ItemStatus::new(
                MigrationState::NeedsConsent,
                format!("a user who owns its numbers signs in: `waybill account authorize {name}`"),
            )
        }
        AccountState::Pending | AccountState::Failing | AccountState::NeedsConsent => {
            ItemStatus::new(MigrationState::Failed, format!("{why}; {doctor}"))
        }
    }
}
