//! Polls one author's future until it ends or waits.

use super::Mailbox;
use crate::{
    CarrierAuth, Context, Credential, Error, Result, context::BeginArgs, services::Services,
};
use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Poll, Wake, Waker},
};

/// A future that wakes itself more often than this within one call makes no progress.
const MAX_POLLS: usize = 1_000;

/// Where a task stands after a call.
pub(crate) enum Step {
    /// It waits for at least one event.
    Waiting,
    /// It is over.
    Ended(Result<Credential>),
}

/// One operation: the author's future with its mailbox.
pub(crate) struct Task {
    future: Pin<Box<dyn Future<Output = Result<Credential>> + Send>>,
    mailbox: Arc<Mailbox>,
    woken: Arc<Flag>,
}

impl Task {
    /// The future holds the plugin value, so an instance outlives its operations.
    pub(crate) fn new<P: CarrierAuth>(
        plugin: Arc<P>,
        begin_args: BeginArgs,
        services: Arc<dyn Services>,
    ) -> Self {
        let mailbox = Arc::new(Mailbox::default());
        let cx = Context::new(begin_args, Arc::clone(&mailbox), services);
        Self {
            future: Box::pin(async move { plugin.authorize(&cx).await }),
            mailbox,
            woken: Arc::new(Flag(AtomicBool::new(false))),
        }
    }

    pub(crate) fn mailbox(&self) -> Arc<Mailbox> {
        Arc::clone(&self.mailbox)
    }

    /// Polls until the future ends or truly waits.
    pub(crate) fn run(&mut self) -> Step {
        let waker = Waker::from(Arc::clone(&self.woken));
        let mut cx = std::task::Context::from_waker(&waker);
        for _ in 0..MAX_POLLS {
            self.woken.0.store(false, Ordering::Release);
            if let Poll::Ready(result) = self.future.as_mut().poll(&mut cx) {
                return Step::Ended(result);
            }
            if self.woken.0.load(Ordering::Acquire) {
                continue;
            }
            if self.mailbox.waits() {
                return Step::Waiting;
            }
            return Step::Ended(Err(stalled()));
        }
        Step::Ended(Err(spinning()))
    }
}

fn stalled() -> Error {
    Error::bug(
        "stalled",
        "the plugin waits for something that the gateway knows nothing of: only what the context \
         offers can be awaited, no runtime's timer, thread or channel",
    )
}

fn spinning() -> Error {
    Error::bug(
        "spinning",
        "the plugin's future wakes itself over and over without asking for anything",
    )
}

/// The outer waker: "a poll is worth repeating".
struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.store(true, Ordering::Release);
    }
}
