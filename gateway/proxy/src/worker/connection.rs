//! One app's connection, as its requests see it.

use super::{connection_control::ConnectionControl, host_memo::HostMemo, state::Worker};
use crate::framing::ConnectionState;
use std::{
    cell::{Cell, RefCell},
    future::{Future, poll_fn},
    net::SocketAddr,
    pin::pin,
    rc::Rc,
    task::Poll,
};

/// What the worker knows about one connection while it lives.
pub(crate) struct Connection {
    pub(crate) worker: Rc<Worker>,
    pub(crate) control: Rc<ConnectionControl>,
    pub(crate) peer: SocketAddr,
    /// Encrypted by us.
    pub(crate) secure: bool,
    /// The caller needs no credentials: loopback peer on a trusting listener.
    pub(crate) trusted: bool,
    /// What the last `Host` of this connection meant.
    pub(crate) host_memo: RefCell<Option<HostMemo>>,
    /// What the answer did that was polled last.
    pub(crate) polled: Cell<Option<Polled>>,
    slot: usize,
}

/// What a stream's answer did when it was polled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Polled {
    /// It had a piece; until it is asked for the next one, the app must take this one.
    Gave,
    /// It waits for the carrier.
    Waits,
}

impl Connection {
    /// A connection that has just come. [`Connection::end`] must follow.
    pub(crate) fn begin(
        worker: &Rc<Worker>,
        peer: SocketAddr,
        secure: bool,
        trusted: bool,
    ) -> Rc<Self> {
        let control = Rc::<ConnectionControl>::default();
        let slot = worker.connections.insert(Rc::clone(&control));
        worker.metrics.connections_open.add(1);
        Rc::new(Self {
            worker: Rc::clone(worker),
            control,
            peer,
            secure,
            trusted,
            host_memo: RefCell::new(None),
            polled: Cell::new(None),
            slot,
        })
    }

    /// The connection is over.
    pub(crate) fn end(&self) {
        let worker = &self.worker;
        worker.connections.remove(self.slot);
        worker.metrics.connections_open.sub(1);
        worker.loads.end(worker.number);
    }

    /// From now on the sweep looks after the peer's pace.
    pub(crate) fn watch(&self, state: Rc<ConnectionState>) {
        self.worker.connections.watch(self.slot, state);
    }

    /// It speaks HTTP/2: it can be told that it ends before it does, and never rests.
    pub(crate) fn speaks_http2(&self) {
        self.control.http2.set(true);
    }

    /// Whether it is time, for the first time, to tell the peer that this connection ends.
    pub(crate) fn should_tell_to_drain(&self) -> bool {
        let draining = self.worker.connections.is_draining();
        self.control.should_tell_to_drain(draining)
    }

    /// Waits for a request, without a buffer: until it comes, or the connection has to end.
    pub(crate) async fn resting<F: Future>(&self, request: F) -> Option<F::Output> {
        let mut request = pin!(request);
        let resting = &self.worker.metrics.connections_resting;
        resting.add(1);
        self.control.resting.set(true);
        let waiting = self.control.run(poll_fn(|cx| {
            if self.should_tell_to_drain() {
                return Poll::Ready(None);
            }
            request.as_mut().poll(cx).map(Some)
        }));
        let request = waiting.await.flatten();
        self.control.resting.set(false);
        resting.sub(1);
        request
    }
}
