//! One app's connection, as its requests see it.

use super::{connection_control::ConnectionControl, host_memo::HostMemo, state::Worker};
use gateway_framing::ConnectionState;
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
    /// The client: the other end, or whom the load balancer in between names.
    pub(crate) peer: Cell<SocketAddr>,
    /// The gateway terminates TLS on it.
    pub(crate) secure: bool,
    /// Its peer is this machine, and speaks for nobody else.
    local: bool,
    listener: usize,
    /// What the last `Host` of this connection meant.
    pub(crate) host_memo: RefCell<Option<HostMemo>>,
    /// The result of the last poll of a response body.
    pub(crate) polled: Cell<Option<BodyPoll>>,
    slot: usize,
}

/// What a response body returned when it was polled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyPoll {
    /// It had a piece: until the next poll, the app has to read this one.
    Ready,
    /// It waits for the carrier.
    Pending,
}

impl Connection {
    /// Registers a new connection with its worker. [`Connection::end`] must follow.
    pub(crate) fn begin(
        worker: &Rc<Worker>,
        peer: SocketAddr,
        secure: bool,
        (listener, local): (usize, bool),
    ) -> Rc<Self> {
        let control = Rc::<ConnectionControl>::default();
        let slot = worker.connections.insert(Rc::clone(&control));
        worker.metrics.connections_open.add(1);
        Rc::new(Self {
            worker: Rc::clone(worker),
            control,
            peer: Cell::new(peer),
            secure,
            local,
            listener,
            host_memo: RefCell::new(None),
            polled: Cell::new(None),
            slot,
        })
    }

    /// Whether the caller needs no credentials. Asked for each request: the trust may end while the
    /// connection is open.
    pub(crate) fn is_trusted(&self) -> bool {
        self.local && self.worker.settings().listeners[self.listener].trust_loopback
    }

    /// Takes the connection off its worker's table and counts.
    pub(crate) fn end(&self) {
        let worker = &self.worker;
        worker.connections.remove(self.slot);
        worker.metrics.connections_open.sub(1);
        // Last, so that no worker counts less than it has.
        worker.loads.end(worker.number);
    }

    /// From now on the sweep looks after the peer's pace.
    pub(crate) fn watch(&self, state: Rc<ConnectionState>) {
        self.worker.connections.watch(self.slot, state);
    }

    /// Notes that it speaks HTTP/2: it ends with `GOAWAY`, and is never parked.
    pub(crate) fn speaks_http2(&self) {
        self.control.http2.set(true);
    }

    /// Whether it is time, for the first time, to tell the peer that this connection ends.
    pub(crate) fn should_tell_to_drain(&self) -> bool {
        let draining = self.worker.connections.is_draining();
        self.control.should_tell_to_drain(draining)
    }

    /// Waits for a request while parked. Returns nothing if the connection has to end.
    pub(crate) async fn parked<F: Future>(&self, request: F) -> Option<F::Output> {
        let mut request = pin!(request);
        let parked = &self.worker.metrics.connections_parked;
        parked.add(1);
        self.control.parked.set(true);
        let waiting = self.control.run(poll_fn(|cx| {
            let polled = request.as_mut().poll(cx).map(Some);
            // After the request: one that is there is served.
            if polled.is_pending() && self.worker.connections.closes_idle() {
                Poll::Ready(None)
            } else {
                polled
            }
        }));
        let request = waiting.await.flatten();
        self.control.parked.set(false);
        parked.sub(1);
        request
    }
}
