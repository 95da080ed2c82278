//! The switches of a connection: its worker wakes, parks, drains and cuts it through these.

use std::{
    cell::{Cell, RefCell},
    future::{Future, poll_fn},
    pin::pin,
    task::{Poll, Waker},
};

/// The part of a connection that the worker's table holds. It does not know the worker, so the table can
/// belong to the worker.
#[derive(Debug, Default)]
pub(crate) struct ConnectionControl {
    /// It speaks HTTP/2, so `GOAWAY` can announce its end.
    pub(super) http2: Cell<bool>,
    goaway: Cell<bool>,
    told_to_drain: Cell<bool>,
    told_to_park: Cell<bool>,
    pub(super) parked: Cell<bool>,
    cut: Cell<bool>,
    waker: RefCell<Option<Waker>>,
}

impl ConnectionControl {
    pub(crate) fn wake(&self) {
        if let Some(waker) = &*self.waker.borrow() {
            waker.wake_by_ref();
        }
    }

    /// Ends the connection at once.
    pub(crate) fn cut(&self) {
        self.cut.set(true);
        self.wake();
    }

    /// Whether the gateway has ended the connection.
    pub(crate) fn is_cut(&self) -> bool {
        self.cut.get()
    }

    /// Runs a future of the connection until it ends or the connection is cut.
    pub(crate) async fn run<F: Future>(&self, future: F) -> Option<F::Output> {
        let mut future = pin!(future);
        poll_fn(|cx| {
            // Before the future: a connection that is cut must not serve one more request.
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
        let ends = draining || self.goaway.get();
        // Once: a second announcement would tell the peer nothing.
        ends && !self.told_to_drain.replace(true)
    }

    /// Ends an idle HTTP/2 connection by `GOAWAY`, so that a request on its way to us is known not to
    /// have been served. Works once: a peer that does not react is cut the next time.
    pub(crate) fn send_goaway(&self) -> bool {
        if !self.http2.get() || self.told_to_drain.get() || self.goaway.replace(true) {
            return false;
        }
        self.wake();
        true
    }

    /// Whether the sweep asked to park the connection since the last call.
    pub(crate) fn was_told_to_park(&self) -> bool {
        // Taken, so that each look of the sweep asks once.
        self.told_to_park.take()
    }

    /// Asks the connection's task to park it, unless it is parked or speaks HTTP/2.
    pub(crate) fn ask_to_park(&self) {
        if !self.parked.get() && !self.http2.get() {
            self.told_to_park.set(true);
            self.wake();
        }
    }
}
