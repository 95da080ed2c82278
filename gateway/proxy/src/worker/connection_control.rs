//! How a connection is woken, parked, told to end and cut: what its worker does to it from outside.

use std::{
    cell::{Cell, RefCell},
    future::{Future, poll_fn},
    pin::pin,
    task::{Poll, Waker},
};

/// The part of a connection that the worker's table holds.
#[derive(Debug, Default)]
pub(crate) struct ConnectionControl {
    /// It can be told that it ends before it does.
    pub(super) http2: Cell<bool>,
    goodbye: Cell<bool>,
    told_to_drain: Cell<bool>,
    told_to_rest: Cell<bool>,
    pub(super) resting: Cell<bool>,
    cut: Cell<bool>,
    waker: RefCell<Option<Waker>>,
}

impl ConnectionControl {
    pub(crate) fn wake(&self) {
        if let Some(waker) = &*self.waker.borrow() {
            waker.wake_by_ref();
        }
    }

    /// Ends the connection without a word.
    pub(crate) fn cut(&self) {
        self.cut.set(true);
        self.wake();
    }

    /// Runs a future of the connection until it ends or the connection is cut.
    pub(crate) async fn run<F: Future>(&self, future: F) -> Option<F::Output> {
        let mut future = pin!(future);
        poll_fn(|cx| {
            if self.cut.get() {
                return Poll::Ready(None);
            }
            let mut waker = self.waker.borrow_mut();
            if !waker
                .as_ref()
                .is_some_and(|waker| waker.will_wake(cx.waker()))
            {
                *waker = Some(cx.waker().clone());
            }
            drop(waker);
            future.as_mut().poll(cx).map(Some)
        })
        .await
    }

    /// Whether it is time, for the first time, to tell the peer that this connection ends.
    pub(crate) fn should_tell_to_drain(&self, draining: bool) -> bool {
        let ends = draining || self.goodbye.get();
        ends && !self.told_to_drain.replace(true)
    }

    /// Ends an idle HTTP/2 connection by `GOAWAY`, so that a request on its way to us is known not to
    /// have been served. Works once: a peer that does not react is cut the next time.
    pub(crate) fn says_goodbye(&self) -> bool {
        if !self.http2.get() || self.told_to_drain.get() || self.goodbye.replace(true) {
            return false;
        }
        self.wake();
        true
    }

    /// Whether the sweep found, since this was asked last, that hyper's part of the connection rests.
    pub(crate) fn was_told_to_rest(&self) -> bool {
        self.told_to_rest.take()
    }

    /// Takes hyper's part of it apart, if that has nothing to do.
    pub(crate) fn rest(&self) {
        if !self.resting.get() && !self.http2.get() {
            self.told_to_rest.set(true);
            self.wake();
        }
    }
}
