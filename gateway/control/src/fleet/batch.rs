//! Changes that wait to be applied. Changes of one moment are read from the store together.

use gateway_model::{AccountId, AppId};
use gateway_store::GrantRecord;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, MutexGuard, PoisonError},
};
use tokio::sync::Notify;

/// Grants that a batch holds at most; further ones are read when their turn comes.
const COPIES: usize = 4_096;

/// What other gateways changed.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) accounts: BTreeSet<AccountId>,
    pub(super) apps: BTreeSet<AppId>,
    /// Accounts with another grant or token, which has to be read.
    pub(super) grants: BTreeSet<AccountId>,
    /// Grants that came with their messages.
    pub(super) copies: BTreeMap<AccountId, GrantRecord>,
    /// Accounts whose owner got no token.
    pub(super) failed: BTreeSet<AccountId>,
    pub(super) notices: bool,
    pub(super) manifests: bool,
    pub(super) admin_tokens: bool,
    pub(super) replicas: bool,
    /// This gateway's share of the fleet is another one.
    pub(super) share: bool,
    /// The grants are compared.
    pub(super) sweep: bool,
    /// A message may be missing: everything is compared.
    pub(super) resync: bool,
}

impl Batch {
    /// Adds a grant that another gateway wrote.
    pub(super) fn written(&mut self, account: AccountId, copy: Option<GrantRecord>) {
        match copy {
            // The newest one counts: messages come in the order of the writes.
            Some(copy) if self.copies.len() < COPIES => {
                self.grants.remove(&account);
                self.copies.insert(account, copy);
            }
            _ => {
                self.copies.remove(&account);
                self.grants.insert(account);
            }
        }
    }

    /// Whether the store has to be asked for any of it.
    fn reads(&self) -> bool {
        let Self {
            accounts,
            apps,
            grants,
            copies: _,
            failed,
            notices,
            manifests,
            admin_tokens,
            replicas,
            share,
            sweep,
            resync,
        } = self;
        let named = accounts.len() + apps.len() + grants.len() + failed.len();
        let flags = *notices || *manifests || *admin_tokens || *replicas || *share || *sweep;
        named > 0 || flags || *resync
    }
}

/// The batch that fills while another one is applied.
#[derive(Debug, Default)]
pub(super) struct Pending {
    batch: Mutex<Batch>,
    filled: Notify,
}

impl Pending {
    /// Adds to the batch, and has it applied.
    pub(super) fn add(&self, change: impl FnOnce(&mut Batch)) {
        change(&mut self.lock());
        self.filled.notify_one();
    }

    /// Waits until something was added.
    pub(super) async fn filled(&self) {
        self.filled.notified().await;
    }

    /// Whether the store has to be asked for any of it.
    pub(super) fn reads(&self) -> bool {
        self.lock().reads()
    }

    pub(super) fn take(&self) -> Batch {
        std::mem::take(&mut *self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, Batch> {
        self.batch.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
