//! How far each item is, from what is the case now and not from what was once noted.

use super::{
    plan::Known,
    progress::{Item, Progress},
};
use crate::{ControlError, ControlPlane, accounts};
use gateway_api::{AccountState, MigrationItem, MigrationState};
use gateway_broker::AccountStatus;
use gateway_model::{AccountId, CarrierId, GrantKind, GrantStatus, ManagedBy};
use gateway_store::{AccountRecord, AuditEntry, GrantRecord};

/// How far back sign-ins are looked for in the audit trail.
const TRAIL: u32 = 500;

/// How an account stands.
#[derive(Clone)]
pub(super) struct Standing {
    pub(super) state: MigrationState,
    pub(super) message: String,
}

impl Standing {
    pub(super) fn new(state: MigrationState, message: impl Into<String>) -> Self {
        Self {
            state,
            message: message.into(),
        }
    }
}

impl ControlPlane {
    pub(super) async fn known_state(&self, carrier: &CarrierId) -> Result<Known, ControlError> {
        let store = &self.shared.store;
        let accounts = store.accounts().await?;
        let grants = store.grants().await?;
        let broker = self.shared.broker.handle();
        let ours = accounts
            .iter()
            .filter(|account| account.carrier == *carrier);
        let standing = ours.map(|account| {
            let grant = grants.iter().find(|grant| grant.account == account.name);
            let status = broker.status(&account.name);
            (account.name.clone(), of(account, grant, status.as_ref()))
        });
        Ok(Known {
            standing: standing.collect(),
            apps: store.apps().await?,
            keys: store.legacy_keys().await?,
            accounts,
        })
    }

    pub(super) async fn standing(
        &self,
        progress: &Progress,
    ) -> Result<Vec<MigrationItem>, ControlError> {
        let carrier: CarrierId = progress
            .carrier
            .as_deref()
            .unwrap_or("none")
            .parse()
            .map_err(|_| {
                ControlError::new(crate::Fault::Unavailable, "internal", "an unnamed carrier")
            })?;
        let known = self.known_state(&carrier).await?;
        let trail = self.shared.store.audit(None, TRAIL).await?;
        let items = progress.items.iter().map(|item| {
            let standing = of_item(item, progress, &known, &trail);
            MigrationItem {
                account: item.account.clone(),
                number: item.number.clone(),
                environment: item.environment,
                profiles: item.profiles.clone(),
                state: standing.state,
                message: standing.message,
            }
        });
        Ok(items.collect())
    }
}

impl Item {
    /// Whether an account is the one that the migration added, and not a later one of that name.
    pub(super) fn added(&self, account: &AccountRecord) -> bool {
        account.managed_by == ManagedBy::Operator && self.added_at == Some(account.created_at)
    }
}

fn of_item(item: &Item, progress: &Progress, known: &Known, trail: &[AuditEntry]) -> Standing {
    if progress.undone {
        let message = if item.added_at.is_some() {
            "undone: the account that was added is taken away"
        } else {
            "undone: the account was there before, and stays"
        };
        return Standing::new(MigrationState::Skipped, message);
    }
    let account = known.account(&item.account);
    let Some((account, standing)) = account.zip(known.standing.get(&item.account)) else {
        let message = "left out: the account was removed";
        return Standing::new(MigrationState::Skipped, message);
    };
    match standing.state {
        MigrationState::Compliant if item.added(account) => {
            Standing::new(MigrationState::Done, "signed in and proven")
        }
        MigrationState::NeedsConsent => {
            refused(&item.account, trail).unwrap_or_else(|| waits(item, standing))
        }
        MigrationState::Compliant
        | MigrationState::Done
        | MigrationState::Failed
        | MigrationState::Skipped => standing.clone(),
    }
}

fn waits(item: &Item, standing: &Standing) -> Standing {
    let mut standing = standing.clone();
    if !item.users.is_empty() {
        standing.message = format!(
            "{}; the old software used {}",
            standing.message,
            item.users.join(", ")
        );
    }
    standing
}

/// The newest sign-in, if it was refused.
fn refused(account: &AccountId, trail: &[AuditEntry]) -> Option<Standing> {
    let subject = format!("account:{account}");
    let newest = trail.iter().find(|entry| {
        entry.subject == subject
            && matches!(entry.action.as_str(), "consent.begin" | "consent.finish")
    })?;
    let code = newest.outcome.as_deref().filter(|code| *code != "ok")?;
    (newest.action == "consent.finish").then(|| {
        let message = format!(
            "the last sign-in was refused ({code}): `waybill account authorize {account}` begins \
             another"
        );
        Standing::new(MigrationState::Failed, message)
    })
}

/// How an account stands that has the number.
fn of(
    account: &AccountRecord,
    grant: Option<&GrantRecord>,
    status: Option<&AccountStatus>,
) -> Standing {
    let name = &account.name;
    let (state, message) = accounts::state(account, status);
    let consenting = account.grant == GrantKind::AuthorizationCode;
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
        AccountState::Inactive => Standing::new(
            MigrationState::Skipped,
            format!(
                "left out: it is switched off; `waybill account activate {name}` takes it along"
            ),
        ),
        AccountState::Ready => Standing::new(MigrationState::Compliant, "it works already"),
        AccountState::Refused => Standing::new(MigrationState::Failed, format!("{why}; {doctor}")),
        AccountState::Pending | AccountState::Failing if held => {
            Standing::new(MigrationState::Compliant, "somebody has signed in already")
        }
        AccountState::Pending | AccountState::Failing | AccountState::NeedsConsent
            if consenting =>
        {
            Standing::new(
                MigrationState::NeedsConsent,
                format!("a user who owns the number signs in: `waybill account authorize {name}`"),
            )
        }
        AccountState::Pending | AccountState::Failing | AccountState::NeedsConsent => {
            Standing::new(MigrationState::Failed, format!("{why}; {doctor}"))
        }
    }
}
