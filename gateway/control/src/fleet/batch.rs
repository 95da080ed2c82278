//! Changes that wait to be applied. Changes of one moment are read from the store together.

use gateway_model::{AccountId, AppId};
use std::{
    collections::BTreeSet,
    sync::{Mutex, MutexGuard, PoisonError},
};
use tokio::sync::Notify;

/// What other gateways changed.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) accounts: BTreeSet<AccountId>,
    pub(super) apps: BTreeSet<AppId>,
    /// Accounts with another grant or token.
    pub(super) grants: BTreeSet<AccountId>,
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

    pub(super) fn take(&self) -> Batch {
        std::mem::take(&mut *self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, Batch> {
        self.batch.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
