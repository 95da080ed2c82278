//! Whose turn it is: no more calls at once than the database serves, in the order in which they came.
//!
//! Ten thousand accounts may want a token in the same second. A call's deadline begins with its turn, so waiting
//! behind others is no failure. If the deadline began before, those at the end would time out, try again and make the
//! queue longer than it was; and each would leave a half-open connection behind, which the server has to accept.

use super::backend::DEADLINE;
use crate::StoreError;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

/// A queue of calls.
#[derive(Debug)]
pub(super) struct Turns {
    places: Semaphore,
    /// Calls that the database answered.
    answered: AtomicU64,
}

/// A place among those that are served. It is free again when this is dropped.
#[must_use]
pub(crate) struct Turn<'a> {
    queue: &'a Turns,
    _place: SemaphorePermit<'a>,
}

impl Turns {
    /// A queue of which so many are served at once.
    pub(super) fn new(places: usize) -> Self {
        Self {
            places: Semaphore::new(places),
            answered: AtomicU64::new(0),
        }
    }

    /// Waits for a place, however long, while the database answers those in front.
    ///
    /// # Errors
    /// When it answered nobody for as long as a call may take.
    pub(super) async fn turn(&self) -> Result<Turn<'_>, StoreError> {
        let mut place = pin!(self.places.acquire());
        loop {
            let before = self.answered.load(Ordering::Relaxed);
            match timeout(DEADLINE, &mut place).await {
                Ok(Ok(place)) => {
                    return Ok(Turn {
                        queue: self,
                        _place: place,
                    });
                }
                Err(_) if self.answered.load(Ordering::Relaxed) != before => {}
                // A semaphore that nobody closes gives no other error than this.
                Ok(Err(_)) | Err(_) => {
                    return Err(StoreError::Unavailable {
                        why: format!("no answer within {} seconds", DEADLINE.as_secs()),
                    });
                }
            }
        }
    }
}

impl Turn<'_> {
    /// Makes a call, within the deadline.
    pub(crate) async fn call<T>(
        &self,
        work: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        self.noted(within(work).await)
    }

    /// Notes how a call ended, and returns that.
    pub(super) fn noted<T>(&self, result: Result<T, StoreError>) -> Result<T, StoreError> {
        if !matches!(result, Err(StoreError::Unavailable { .. })) {
            self.queue.answered.fetch_add(1, Ordering::Relaxed);
        }
        result
    }
}

/// A call's result, or the error of its deadline.
pub(super) async fn within<T>(
    work: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    // Dropping the work rolls its transaction back.
    match timeout(DEADLINE, work).await {
        Ok(result) => result,
        Err(_) => Err(StoreError::Unavailable {
            why: format!("no answer within {} seconds", DEADLINE.as_secs()),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::time::Duration;
    use tokio::task::JoinSet;
    use tokio::time::{Instant, sleep};

    fn away() -> StoreError {
        StoreError::Unavailable {
            why: "away".to_owned(),
        }
    }

    /// So many calls at once, each of which takes that long; how they ended, and after which time.
    #[expect(clippy::disallowed_methods, reason = "the clock is tokio's paused one")]
    async fn all(
        calls: usize,
        takes: Duration,
        answer: fn() -> Result<(), StoreError>,
    ) -> (Vec<bool>, Duration) {
        let (queue, begun) = (Arc::new(Turns::new(2)), Instant::now());
        let mut waiting = JoinSet::new();
        for _ in 0..calls {
            let queue = Arc::clone(&queue);
            waiting.spawn(async move {
                let Ok(turn) = queue.turn().await else {
                    return false;
                };
                sleep(takes).await;
                turn.noted(answer()).is_ok()
            });
        }
        (waiting.join_all().await, begun.elapsed())
    }

    /// The last of them waits longer than a call may take.
    #[tokio::test(start_paused = true)]
    async fn waiting_behind_others_is_no_failure() {
        let (served, took) = all(40, Duration::from_secs(1), || Ok(())).await;
        assert!(served.iter().all(|served| *served));
        assert_eq!(took, Duration::from_secs(20));
    }

    /// Nobody behind a database that hangs waits until all in front have timed out one after another.
    #[tokio::test(start_paused = true)]
    async fn queue_that_does_not_move_fails_as_a_whole() {
        let (served, took) = all(1000, DEADLINE, || Err(away())).await;
        assert!(!served.contains(&true));
        assert!(took <= DEADLINE * 3, "{took:?}");
    }
}
