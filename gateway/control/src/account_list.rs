//! Accounts as lists show them: from memory, because there may be 10,000 of them and a page has a few
//! milliseconds.

use crate::{
    ControlError, ControlPlane,
    account_index::{AccountIndex, IndexedAccount},
    account_view::state,
    api_time,
    search::SearchWords,
    serving::ServingAccount,
};
use gateway_api::AccountState;
use gateway_model::{AccountId, AccountNumber, CarrierId, Environment, GrantKind, GrantStatus};
use std::{
    collections::BTreeSet,
    sync::{Arc, PoisonError},
    time::{Instant, SystemTime},
};

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
    /// When the current token was asked for.
    pub token_issued_at: Option<jiff::Timestamp>,
    /// When the current token ends.
    pub token_expires_at: Option<jiff::Timestamp>,
    /// Since when the present refresh token is good, if the carrier says so.
    pub grant_issued_at: Option<jiff::Timestamp>,
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
    /// Words that are in the name, an alias, the carrier, the environment or a number; empty for all accounts.
    pub text: &'q str,
    /// The order.
    pub order: AccountOrder,
    /// Whether the order is turned round.
    pub descending: bool,
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
    /// Of those that have a token, the ones whose token ends first.
    pub next: Vec<AccountSummary>,
}

impl ControlPlane {
    /// A part of the list of accounts.
    ///
    /// # Errors
    /// When what is served is not known and the store cannot be read.
    pub async fn account_list(&self, query: AccountQuery<'_>) -> Result<AccountList, ControlError> {
        let now = self.context.clock.now();
        let (found, part) = self
            .look_at_served(|accounts| list(accounts, query, now))
            .await?;
        Ok(AccountList {
            found,
            accounts: self.summaries(&part).await?,
        })
    }

    /// All accounts in numbers; at most `limit` that need a person, the most urgent first; at most `limit` that have a
    /// token, the one that ends first first.
    ///
    /// # Errors
    /// When what is served is not known and the store cannot be read.
    pub async fn accounts_in_brief(&self, limit: usize) -> Result<AccountsInBrief, ControlError> {
        let now = self.context.clock.now();
        let in_doubt = self.context.broker.handle().in_doubt();
        let look = |accounts: &[IndexedAccount]| {
            let (mut ready, mut waiting) = (Vec::new(), Vec::new());
            for account in accounts {
                if account.state(now) == AccountState::Ready {
                    ready.push(account);
                }
                if needs_person(account, now, &in_doubt) {
                    waiting.push(account);
                }
            }
            waiting.sort_by_key(|it| urgency(it.state(now)));
            let first = waiting.iter().take(limit);
            let first: Vec<_> = first.map(|it| Arc::clone(&it.account)).collect();
            let usable = ready.len();
            let next = first_to_end(ready, limit, now);
            (accounts.len(), usable, waiting.len(), first, next)
        };
        let (total, usable, waiting, first, next) = self.look_at_served(look).await?;
        Ok(AccountsInBrief {
            total,
            usable,
            waiting,
            first: self.summaries(&first).await?,
            next: self.summaries(&next).await?,
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
        let now = self.context.clock.now();
        let waits = |it: &&IndexedAccount| {
            it.signs_in
                && it.state(now) == AccountState::NeedsConsent
                && !left_out.contains(&it.account.record.name)
        };
        let look = |accounts: &[IndexedAccount]| -> Vec<_> {
            let waiting = accounts.iter().filter(waits).take(limit);
            waiting.map(|it| Arc::clone(&it.account)).collect()
        };
        let found = self.look_at_served(look).await?;
        self.summaries(&found).await
    }

    /// At most `limit` names of accounts.
    ///
    /// # Errors
    /// When what is served is not known and the store cannot be read.
    pub async fn account_names(&self, limit: usize) -> Result<Vec<AccountId>, ControlError> {
        let names = |accounts: &[IndexedAccount]| {
            let first = accounts.iter().take(limit);
            first.map(|it| it.account.record.name.clone()).collect()
        };
        self.look_at_served(names).await
    }

    /// Looks at all accounts at one moment. Nothing is copied: most of a list is never shown.
    pub(crate) async fn look_at_served<R>(
        &self,
        look: impl FnOnce(&[IndexedAccount]) -> R,
    ) -> Result<R, ControlError> {
        if let Some(known) = self.context.served().as_ref() {
            let index = self.context.account_index.lock();
            let mut index = index.unwrap_or_else(PoisonError::into_inner);
            return Ok(look(index.of(&known.accounts)));
        }
        let state = self.serving_state().await?;
        Ok(look(AccountIndex::default().of(&state.accounts)))
    }

    async fn summaries(
        &self,
        accounts: &[Arc<ServingAccount>],
    ) -> Result<Vec<AccountSummary>, ControlError> {
        let mut summaries = Vec::new();
        for account in accounts {
            let record = &account.record;
            let status = self.context.broker.handle().status(&record.name);
            let (state, mut message) = state(record, status.as_ref());
            let in_doubt = record.grant == GrantKind::AuthorizationCode
                && (status.as_ref()).is_some_and(|it| it.grant == GrantStatus::OutcomeUnknown);
            if message.is_none() && in_doubt {
                // Only the store knows why, and few accounts are in doubt.
                message = self.account(&record.name).await?.sign_in_in_doubt;
            }
            let time = |of: Option<SystemTime>| of.map(api_time::from_system);
            summaries.push(AccountSummary {
                name: record.name.clone(),
                carrier: record.carrier.clone(),
                environment: record.environment,
                numbers: record.numbers.clone(),
                default: record.default,
                state,
                message,
                token_issued_at: time(status.as_ref().and_then(|it| it.issued_at)),
                grant_issued_at: (status.as_ref())
                    .and_then(|it| it.facts.refresh_issued_at_ms)
                    .and_then(api_time::from_millis),
                token_expires_at: time(status.as_ref().and_then(|it| it.expires_at)),
                grant_expires_at: time(status.as_ref().and_then(|it| it.grant_ends_at)),
            });
        }
        Ok(summaries)
    }
}

/// The accounts whose token ends first, in that order.
fn first_to_end(
    mut accounts: Vec<&IndexedAccount>,
    limit: usize,
    now: Instant,
) -> Vec<Arc<ServingAccount>> {
    // Only these are sorted: there may be 10,000.
    if let Some(last) = limit.checked_sub(1).filter(|last| *last < accounts.len()) {
        accounts.select_nth_unstable_by_key(last, |it| it.expires_at(now));
        accounts.truncate(limit);
    }
    accounts.sort_by_key(|it| it.expires_at(now));
    let accounts = accounts.into_iter().take(limit);
    accounts.map(|it| Arc::clone(&it.account)).collect()
}

/// How many accounts a query finds, and the part of them that it wants.
fn list(
    accounts: &[IndexedAccount],
    query: AccountQuery<'_>,
    now: Instant,
) -> (usize, Vec<Arc<ServingAccount>>) {
    let words = SearchWords::new(query.text);
    let matching =
        (accounts.iter()).filter(|it| words.is_empty() || words.are_in(|| texts(&it.account)));
    // They come ordered by name, and the sorts keep that.
    let mut found: Vec<&IndexedAccount> = matching.collect();
    match query.order {
        AccountOrder::Name => {}
        AccountOrder::Urgency => found.sort_by_key(|it| urgency(it.state(now))),
        AccountOrder::TokenExpiry => found.sort_by_key(|it| it.expires_at(now)),
    }
    if query.descending {
        found.reverse();
    }
    if query.order == AccountOrder::TokenExpiry {
        // Those without a token last, whatever the direction: the order by urgency begins with them.
        found.sort_by_key(|it| it.expires_at(now).is_none());
    }
    let part = found.iter().skip(query.skip).take(query.limit);
    let part = part.map(|it| Arc::clone(&it.account)).collect();
    (found.len(), part)
}

fn needs_person(account: &IndexedAccount, now: Instant, in_doubt: &BTreeSet<AccountId>) -> bool {
    match account.state(now) {
        AccountState::NeedsConsent | AccountState::Refused | AccountState::Failing => true,
        AccountState::Ready | AccountState::Pending => {
            account.signs_in && in_doubt.contains(&account.account.record.name)
        }
        AccountState::Inactive => false,
    }
}

/// What an account is searched by.
fn texts(account: &ServingAccount) -> impl Iterator<Item = &str> {
    let record = &account.record;
    let aliases = record.aliases.iter().map(|it| it.as_str());
    let numbers = record.numbers.iter().map(|it| it.as_str());
    [
        record.name.as_str(),
        record.carrier.as_str(),
        record.environment.as_str(),
    ]
    .into_iter()
    .chain(aliases)
    .chain(numbers)
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
