//! Runs a busy future beside a quiet one.
//!
//! A connection wakes for every request; the stop signal and the idle timer beside it hardly ever
//! do. A plain `select!` would poll them each time, and polling the stop signal takes a lock that
//! all workers share. Here the quiet future has a waker of its own and is polled only when it woke.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

/// Which of the two was first.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum FirstReady<B, Q> {
    Busy(B),
    Quiet(Q),
}

/// The quiet future's waker: marks it due, then wakes the task that both live in.
#[derive(Debug)]
struct DueFlag {
    is_due: AtomicBool,
    task: Mutex<Option<Waker>>,
}

impl Wake for DueFlag {
    fn wake(self: Arc<Self>) {
        // Release pairs with the acquire of the poll: what woke it is seen there.
        self.is_due.store(true, Ordering::Release);
        let task = self
            .task
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            // Cloned out of the lock, since waking may run other code.
            .clone();
        if let Some(task) = task {
            task.wake();
        }
    }
}

/// Waits for either. Both must stay in one task while this runs: the task's waker is remembered.
pub(crate) async fn poll_beside<B: Future, Q: Future>(
    mut busy: Pin<&mut B>,
    mut quiet: Pin<&mut Q>,
) -> FirstReady<B::Output, Q::Output> {
    let flag = Arc::new(DueFlag {
        // Due at first, so that the quiet future is polled once and registers its waker.
        is_due: AtomicBool::new(true),
        task: Mutex::new(None),
    });
    let waker = Waker::from(Arc::clone(&flag));
    poll_fn(move |cx| {
        // The busy one first: its wake-ups are the frequent ones.
        if let Poll::Ready(output) = busy.as_mut().poll(cx) {
            return Poll::Ready(FirstReady::Busy(output));
        }
        if flag.is_due.load(Ordering::Acquire) {
            // The task first, then the mark, then the poll: a wake in between is not lost.
            let mut task = flag.task.lock().unwrap_or_else(PoisonError::into_inner);
            *task = Some(cx.waker().clone());
            drop(task);
            flag.is_due.store(false, Ordering::Release);
            let polled = quiet.as_mut().poll(&mut Context::from_waker(&waker));
            return polled.map(FirstReady::Quiet);
        }
        Poll::Pending
    })
    .await
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};
    use std::pin::pin;

    use super::{FirstReady, poll_beside};
    use std::time::Duration;

    #[tokio::test]
    async fn busy_future_that_is_ready_wins() {
        let first = poll_beside(pin!(ready(1)), pin!(pending::<()>())).await;
        assert_eq!(first, FirstReady::Busy(1));
    }

    #[tokio::test(start_paused = true)]
    async fn quiet_future_is_polled_when_it_wakes() {
        let quiet = async {
            for _ in 0..3 {
                tokio::time::sleep(Duration::from_secs(60)).await;
            }
            7
        };
        assert_eq!(
            poll_beside(pin!(pending::<()>()), pin!(quiet)).await,
            FirstReady::Quiet(7)
        );
    }

    #[tokio::test(start_paused = true)]
    async fn busy_future_that_wakes_often_does_not_poll_the_quiet_one() {
        let mut polls = 0;
        let quiet = std::future::poll_fn(|_| {
            polls += 1;
            std::task::Poll::<()>::Pending
        });
        let busy = async {
            for _ in 0..100 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        assert_eq!(
            poll_beside(pin!(busy), pin!(quiet)).await,
            FirstReady::Busy(())
        );
        assert_eq!(polls, 1);
    }
}
