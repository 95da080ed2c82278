//! Accounts as lists show them: from memory, because there may be 10,000 of them and a page has a few
//! milliseconds.

use crate::{
    ControlError, ControlPlane,
    account_view::{state, state_without},
    api_time,
    serving::ServingAccount,
};
use gateway_api::AccountState;
use gateway_broker::AccountBrief;
use gateway_model::{AccountId, AccountNumber, CarrierId, Environment, GrantKind, GrantStatus};
use std::{collections::BTreeSet, sync::Arc};

/// An account in a list.
#[derive(Clone, Debug)]
pub struct AccountSummary {
    /// Its name.
    pub name: AccountId,
    /// Its carrier.
    pub carrier: CarrierId,
    /// The carrier's environment.
    pub environment: Environment,
    /// The carrier's numbers.
    pub numbers: Vec<AccountNumber>,
    /// Whether it is the default of its carrier and environment.
    pub default: bool,
    /// Whether it gets tokens.
    pub state: AccountState,
    /// Why not, and what to do.
    pub message: Option<String>,
    /// When the current token ends.
    pub token_expires_at: Option<jiff::Timestamp>,
    /// When a person must sign in again.
    pub grant_expires_at: Option<jiff::Timestamp>,
}

/// The order of a list. Accounts that are equal in it are ordered by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountOrder {
    /// What needs a person comes first.
    Urgency,
    /// By name.
    Name,
    /// The token that ends first comes first.
    TokenExpiry,
}

/// Which accounts a list has.
#[derive(Clone, Copy, Debug)]
pub struct AccountQuery<'q> {
    /// A text in the name, an alias, the carrier or a number, in any case; empty for all accounts.
    pub text: &'q str,
    /// The order.
    pub order: AccountOrder,
    /// How many accounts are left out at the beginning.
    pub skip: usize,
    /// How many accounts are wanted at most.
    pub limit: usize,
}

/// A part of a list.
#[derive(Clone, Debug)]
pub struct AccountList {
    /// How many accounts the query has found.
    pub found: usize,
    /// The part.
    pub accounts: Vec<AccountSummary>,
}

/// All accounts in numbers, and the first that need a person.
#[derive(Clone, Debug)]
pub struct AccountsInBrief {
    /// How many there are.
    pub total: usize,
    /// How many have a token.
    pub usable: usize,
    /// How many need a person.
    pub waiting: usize,
    /// The first of these.
    pub first: Vec<AccountSummary>,
}

/// An account, and what the broker says of it.
struct Found {
    account: Arc<ServingAccount>,
    brief: Option<AccountBrief>,
}

impl ControlPlane {
    /// A part of the list of accounts.
    ///
    /// # Errors
    /// When what is served is not known and the store cannot be read.
    pub async fn account_list(&self, query: AccountQuery<'_>) -> Result<AccountList, ControlError> {
        let mut found = self.all_found().await?;
        let wanted = query.text.trim().as_bytes();
        found.retain(|it| wanted.is_empty() || it.has(wanted));
        match query.order {
            AccountOrder::Urgency => found.sort_by_key(|it| urgency(it.state())),
            // They come ordered by name, and the sorts keep that.
            AccountOrder::Name => {}
            AccountOrder::TokenExpiry => {
                // Those without a token last: the order by urgency begins with them.
                found.sort_by_key(|it| (it.expires_at().is_none(), it.expires_at()));
            }
        }
        let part = found.iter().skip(query.skip).take(query.limit);
        Ok(AccountList {
            found: found.len(),
            accounts: self.summaries(part).await?,
        })
    }

    /// All accounts in numbers, and at most `limit` that need a person, the most urgent first.
    ///
    /// # Errors
    /// When what is served is not known and the store cannot be read.
    pub async fn accounts_in_brief(&self, limit: usize) -> Result<AccountsInBrief, ControlError> {
        let mut found = self.all_found().await?;
        let total = found.len();
        let ready = |it: &&Found| it.state() == AccountState::Ready;
        let usable = found.iter().filter(ready).count();
        found.retain(Found::needs_person);
        found.sort_by_key(|it| urgency(it.state()));
        Ok(AccountsInBrief {
            total,
            usable,
            waiting: found.len(),
            first: self.summaries(found.iter().take(limit)).await?,
        })
    }

    /// At most `limit` accounts for which a person must sign in, but for those in `left_out`.
    ///
    /// # Errors
    /// When what is served is not known and the store cannot be read.
    pub async fn accounts_to_sign_in(
        &self,
        left_out: &BTreeSet<AccountId>,
        limit: usize,
    ) -> Result<Vec<AccountSummary>, ControlError> {
        let mut found = self.all_found().await?;
        found.retain(|it| {
            it.account.record.grant == GrantKind::AuthorizationCode
                && it.state() == AccountState::NeedsConsent
                && !left_out.contains(&it.account.record.name)
        });
        self.summaries(found.iter().take(limit)).await
    }

    /// At most `limit` names of accounts.
    ///
    /// # Errors
    /// When what is served is not known and the store cannot be read.
    pub async fn account_names(&self, limit: usize) -> Result<Vec<AccountId>, ControlError> {
        let accounts = self.served_accounts().await?;
        let names = accounts.iter().map(|account| account.record.name.clone());
        Ok(names.take(limit).collect())
    }

    /// All accounts, ordered by name.
    async fn all_found(&self) -> Result<Vec<Found>, ControlError> {
        let accounts = self.served_accounts().await?;
        let mut found = Vec::with_capacity(accounts.len());
        let mut accounts = accounts.into_iter().peekable();
        // Both are in the order of names, so one walk joins them.
        self.context.broker.handle().each_brief(|name, brief| {
            while let Some(account) = accounts.next_if(|next| next.record.name <= *name) {
                let brief = (account.record.name == *name).then_some(brief);
                found.push(Found { account, brief });
            }
        });
        found.extend(accounts.map(|account| Found {
            account,
            brief: None,
        }));
        Ok(found)
    }

    async fn summaries(
        &self,
        found: impl Iterator<Item = &Found>,
    ) -> Result<Vec<AccountSummary>, ControlError> {
        let mut summaries = Vec::new();
        for it in found {
            let record = &it.account.record;
            let status = self.context.broker.handle().status(&record.name);
            let (state, mut message) = state(record, status.as_ref());
            if message.is_none() && it.in_doubt() {
                // Only the store knows why, and few accounts are in doubt.
                message = self.account(&record.name).await?.sign_in_in_doubt;
            }
            let time = |of: Option<std::time::SystemTime>| of.map(api_time::from_system);
            summaries.push(AccountSummary {
                name: record.name.clone(),
                carrier: record.carrier.clone(),
                environment: record.environment,
                numbers: record.numbers.clone(),
                default: record.default,
                state,
                message,
                token_expires_at: time(status.as_ref().and_then(|it| it.expires_at)),
                grant_expires_at: time(status.as_ref().and_then(|it| it.grant_ends_at)),
            });
        }
        Ok(summaries)
    }
}

impl Found {
    fn state(&self) -> AccountState {
        match self.brief.filter(|_| self.account.record.active) {
            None => AccountState::Inactive,
            Some(brief) => brief.unavailable.map_or(AccountState::Ready, state_without),
        }
    }

    fn expires_at(&self) -> Option<std::time::SystemTime> {
        self.brief?.expires_at
    }

    /// Whether it is not known if the carrier still accepts the sign-in.
    fn in_doubt(&self) -> bool {
        self.account.record.grant == GrantKind::AuthorizationCode
            && (self.brief).is_some_and(|brief| brief.grant == GrantStatus::OutcomeUnknown)
    }

    fn needs_person(&self) -> bool {
        match self.state() {
            AccountState::NeedsConsent | AccountState::Refused | AccountState::Failing => true,
            AccountState::Ready | AccountState::Pending => self.in_doubt(),
            AccountState::Inactive => false,
        }
    }

    fn has(&self, wanted: &[u8]) -> bool {
        let record = &self.account.record;
        contains(record.name.as_str(), wanted)
            || contains(record.carrier.as_str(), wanted)
            || record
                .aliases
                .iter()
                .any(|it| contains(it.as_str(), wanted))
            || record
                .numbers
                .iter()
                .any(|it| contains(it.as_str(), wanted))
    }
}

/// Whether a text has another one in it. Names have ASCII letters only.
fn contains(text: &str, wanted: &[u8]) -> bool {
    let mut parts = text.as_bytes().windows(wanted.len());
    parts.any(|part| part.eq_ignore_ascii_case(wanted))
}

/// What needs a person comes first.
const fn urgency(state: AccountState) -> u8 {
    match state {
        AccountState::NeedsConsent | AccountState::Refused => 0,
        AccountState::Failing => 1,
        AccountState::Pending => 2,
        AccountState::Ready => 3,
        AccountState::Inactive => 4,
    }
}
