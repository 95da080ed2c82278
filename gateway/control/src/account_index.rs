//! What lists need of every account, side by side in memory.
//!
//! A credential lies in memory of its own, with its token. A page that looked at 10,000 of them would mostly wait
//! for memory, so each one is looked at once and again after its cell has got another version.

use crate::{account_view::state_without, serving::ServingAccount};
use gateway_api::AccountState;
use gateway_model::{AccountId, CredentialCell, CredentialState, GrantKind, UnavailableReason};
use std::{collections::BTreeMap, sync::Arc, time::Instant};

/// What the control plane serves, ordered by name.
pub(crate) type ServedAccounts = BTreeMap<AccountId, Arc<ServingAccount>>;

/// An account, and what its cell had when it was last looked at.
pub(crate) struct IndexedAccount {
    pub(crate) account: Arc<ServingAccount>,
    /// The account's cell, which is here so that its version is one step away.
    cell: Arc<CredentialCell>,
    version: u64,
    token: Result<Instant, UnavailableReason>,
    active: bool,
    /// Whether a person signs in for it.
    pub(crate) signs_in: bool,
}

/// All accounts, in the order of their names.
#[derive(Default)]
pub(crate) struct AccountIndex(Vec<IndexedAccount>);

impl AccountIndex {
    /// The accounts as they are now. What has not changed since the last call is not looked at.
    pub(crate) fn of(&mut self, served: &ServedAccounts) -> &[IndexedAccount] {
        let entries = &mut self.0;
        entries.truncate(served.len());
        for (at, account) in served.values().enumerate() {
            match entries.get_mut(at) {
                // A change of an account publishes it anew, in another place.
                Some(entry) if Arc::ptr_eq(&entry.account, account) => entry.refresh(),
                Some(entry) => *entry = IndexedAccount::new(account),
                None => entries.push(IndexedAccount::new(account)),
            }
        }
        entries
    }
}

impl IndexedAccount {
    fn new(account: &Arc<ServingAccount>) -> Self {
        let (version, state) = account.cell.load();
        Self {
            account: Arc::clone(account),
            cell: Arc::clone(&account.cell),
            version,
            token: token(&state),
            active: account.record.active,
            signs_in: account.record.grant == GrantKind::AuthorizationCode,
        }
    }

    fn refresh(&mut self) {
        if self.cell.version() != self.version {
            let (version, state) = self.cell.load();
            (self.version, self.token) = (version, token(&state));
        }
    }

    /// Whether the account gets tokens.
    pub(crate) fn state(&self, now: Instant) -> AccountState {
        match self.token {
            _ if !self.active => AccountState::Inactive,
            Ok(expires_at) if now < expires_at => AccountState::Ready,
            Ok(_) => AccountState::Pending,
            Err(reason) => state_without(reason),
        }
    }

    /// When the current token ends.
    pub(crate) fn expires_at(&self, now: Instant) -> Option<Instant> {
        self.token.ok().filter(|at| self.active && now < *at)
    }
}

fn token(state: &CredentialState) -> Result<Instant, UnavailableReason> {
    match state {
        CredentialState::Usable(credential) => Ok(credential.expires_at),
        CredentialState::Absent(absent) => Err(absent.reason),
    }
}
