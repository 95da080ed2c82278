//! Who waits for a claim of an account.

use crate::{ReplicaId, StoreError};
use gateway_model::AccountId;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

/// The account's owner if that is another gateway; nothing if it is this one.
type Answer = Result<Option<ReplicaId>, StoreError>;

/// Somebody who waits.
#[derive(Debug)]
pub(crate) struct Claimant {
    pub(crate) account: AccountId,
    tell: oneshot::Sender<Answer>,
}

impl Claimant {
    pub(crate) fn tell(self, answer: Answer) {
        // Nobody waits any more if the flight was given up. The claim stays: it does no harm.
        let _ = self.tell.send(answer);
    }
}

/// Who waits, in the order in which they came.
#[derive(Debug, Default)]
pub(crate) struct ClaimQueue(Mutex<Waiting>);

#[derive(Debug, Default)]
struct Waiting {
    claimants: VecDeque<Claimant>,
    is_led: bool,
}

impl ClaimQueue {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a claim, and gives the lead to the first who waits.
    pub(crate) fn join(
        self: &Arc<Self>,
        account: &AccountId,
    ) -> (oneshot::Receiver<Answer>, Option<Lead>) {
        let (tell, told) = oneshot::channel();
        let account = account.clone();
        let mut waiting = self.lock();
        waiting.claimants.push_back(Claimant { account, tell });
        let is_led = std::mem::replace(&mut waiting.is_led, true);
        let lead = (!is_led).then(|| Lead {
            queue: Arc::clone(self),
            is_over: false,
        });
        (told, lead)
    }
}

/// The right to answer those who wait. Whoever comes after it has ended leads.
#[derive(Debug)]
pub(crate) struct Lead {
    queue: Arc<ClaimQueue>,
    is_over: bool,
}

impl Lead {
    /// Whether anybody waits; if not, the lead is over.
    pub(crate) fn is_needed(&mut self) -> bool {
        let mut waiting = self.queue.lock();
        // Under the lock: whoever joins later must know.
        waiting.is_led = !waiting.claimants.is_empty();
        self.is_over = !waiting.is_led;
        waiting.is_led
    }

    /// The next who wait, so many at most.
    pub(crate) fn next(&self, most: usize) -> Vec<Claimant> {
        let mut waiting = self.queue.lock();
        let count = waiting.claimants.len().min(most);
        waiting.claimants.drain(..count).collect()
    }
}

impl Drop for Lead {
    /// A leader that was cut off must not be waited for.
    fn drop(&mut self) {
        if !self.is_over {
            self.queue.lock().is_led = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ClaimQueue;
    use gateway_model::AccountId;
    use std::sync::Arc;

    fn account(name: &str) -> AccountId {
        name.parse().expect("a name")
    }

    #[test]
    fn claims_are_answered_in_the_order_in_which_they_came() {
        let queue = Arc::<ClaimQueue>::default();
        let (first, lead) = queue.join(&account("b"));
        let mut lead = lead.expect("the first leads");
        let (_second, none) = queue.join(&account("a"));
        assert!(none.is_none());
        let (_third, none) = queue.join(&account("b"));
        assert!(none.is_none());
        let names = |group: Vec<super::Claimant>| -> Vec<String> {
            let name = |claimant: &super::Claimant| claimant.account.as_str().to_owned();
            group.iter().map(name).collect()
        };
        assert!(lead.is_needed());
        assert_eq!(names(lead.next(2)), ["b", "a"]);
        assert!(lead.is_needed());
        assert_eq!(names(lead.next(2)), ["b"]);
        assert!(!lead.is_needed());
        drop(first);
    }

    #[test]
    fn whoever_comes_after_a_lead_leads() {
        let queue = Arc::<ClaimQueue>::default();
        // One that was cut off, with somebody waiting.
        drop(queue.join(&account("a")));
        let (_told, lead) = queue.join(&account("b"));
        let mut lead = lead.expect("nobody leads");
        assert_eq!(lead.next(9).len(), 2);
        assert!(!lead.is_needed());
        let (_told, later) = queue.join(&account("c"));
        assert!(later.is_some());
        // One that is over takes nothing from the one after it.
        drop(lead);
        assert!(queue.join(&account("d")).1.is_none());
    }
}
