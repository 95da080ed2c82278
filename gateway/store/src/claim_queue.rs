//! Who waits for a claim of an account.

use crate::{ReplicaId, StoreError};
use gateway_model::AccountId;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

/// The account's owner if that is another gateway; nothing if it is this one.
type Answer = Result<Option<ReplicaId>, StoreError>;

/// By account, since two callers may ask for one, and in this order, because two transactions that lock the same rows
/// in different orders would block each other.
pub(crate) type Claimants = BTreeMap<AccountId, Vec<oneshot::Sender<Answer>>>;

/// The claims of the next group.
#[derive(Debug, Default)]
pub(crate) struct ClaimQueue(Mutex<Claimants>);

impl ClaimQueue {
    pub(crate) fn lock(&self) -> MutexGuard<'_, Claimants> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a claim; whether it is the first of a group.
    pub(crate) fn join(&self, account: &AccountId) -> (oneshot::Receiver<Answer>, bool) {
        let (tell, told) = oneshot::channel();
        let mut waiting = self.lock();
        let leads = waiting.is_empty();
        waiting.entry(account.clone()).or_default().push(tell);
        (told, leads)
    }
}
