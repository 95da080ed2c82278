//! The state that a downstream connection's guard, the service behind it and the sweep share.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::task::Waker;

use crate::expiry::Expiry;
use crate::position::Position;
use crate::start_line::REFUSED_METHOD;
use crate::violation::Violation;

/// Shared by a [`GuardedIo`](crate::GuardedIo), the service behind it and the sweep of its worker.
#[derive(Debug)]
pub struct ConnectionState {
    pub(crate) position: Cell<Position>,
    /// Approved request heads.
    pub(crate) heads: Cell<u64>,
    pub(crate) received: Cell<u64>,
    pub(crate) sent: Cell<u64>,
    /// The last read found no bytes.
    pub(crate) read_blocked: Cell<bool>,
    /// The last write found no room: the peer does not read.
    pub(crate) write_blocked: Cell<bool>,
    /// Closed for writing; waiting for the peer to close.
    pub(crate) lingering: Cell<bool>,
    /// The peer has closed for writing while responses were still to come.
    pub(crate) half_closed: Cell<bool>,
    /// A sweep checks this connection for slowness.
    pub(crate) watched: Cell<bool>,
    active_requests: Cell<u32>,
    /// Requests that the service has begun.
    pub(crate) begun_requests: Cell<u64>,
    /// What the peer's HTTP/2 frames cost, and the credit that their data earned.
    pub(crate) frame_cost: Cell<u64>,
    pub(crate) frame_credit: Cell<u64>,
    pub(crate) expiry: Cell<Option<Expiry>>,
    pub(crate) refusal: Cell<Option<Violation>>,
    waker: RefCell<Option<Waker>>,
}

impl ConnectionState {
    pub(crate) fn new() -> Rc<Self> {
        Rc::new(Self {
            position: Cell::new(Position::Between),
            heads: Cell::new(0),
            received: Cell::new(0),
            sent: Cell::new(0),
            read_blocked: Cell::new(false),
            write_blocked: Cell::new(false),
            lingering: Cell::new(false),
            half_closed: Cell::new(false),
            watched: Cell::new(false),
            active_requests: Cell::new(0),
            begun_requests: Cell::new(0),
            frame_cost: Cell::new(0),
            frame_credit: Cell::new(0),
            expiry: Cell::new(None),
            refusal: Cell::new(None),
            waker: RefCell::new(None),
        })
    }

    /// The violation to answer, if a request with this method stands for one that never reached hyper.
    ///
    /// The service asks this first for each HTTP/1 request, and answers with the violation's status and
    /// `Connection: close`. A client cannot send such a request itself.
    #[must_use]
    pub fn refusal(&self, method: &http::Method) -> Option<Violation> {
        let violation = self.refusal.get()?;
        // By the method, because requests before the refused one are still to be answered as usual.
        (method.as_str() == REFUSED_METHOD).then_some(violation)
    }

    /// The method of what stands for a refused request, for a server that has no parser between itself and the
    /// check.
    ///
    /// # Panics
    /// Never.
    #[must_use]
    pub fn stand_in() -> http::Method {
        REFUSED_METHOD
            .parse()
            .expect("REFUSED_METHOD is a token, which every method is")
    }

    /// Counts a request as active until the returned guard is dropped; keep it with the response's body.
    #[must_use = "dropping it says that the response is complete"]
    pub fn begin_request(self: &Rc<Self>) -> ActiveRequest {
        self.active_requests.set(self.active_requests.get() + 1);
        self.begun_requests.set(self.begun_requests.get() + 1);
        ActiveRequest {
            state: Rc::clone(self),
        }
    }

    /// Whether no request is being received or served and no response is waiting to be sent.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        // All three: a response may wait in the socket after its request is over.
        matches!(self.position.get(), Position::Between | Position::Ended)
            && self.active_requests.get() == 0
            && !self.write_blocked.get()
    }

    /// Whether the service has begun every request whose head was approved.
    #[must_use]
    pub fn has_begun_all(&self) -> bool {
        self.heads.get() == self.begun_requests.get()
    }

    /// Whether a request whose head was approved has no complete response yet.
    pub(crate) fn has_unfinished(&self) -> bool {
        // A request is over when hyper has its response, which may still wait for room in the socket.
        self.active_requests.get() > 0 || !self.has_begun_all() || self.write_blocked.get()
    }

    /// Bytes received from the peer so far.
    #[must_use]
    pub fn received(&self) -> u64 {
        self.received.get()
    }

    /// Bytes sent to the peer so far.
    #[must_use]
    pub fn sent(&self) -> u64 {
        self.sent.get()
    }

    /// Ends what the peer was too slow for: a head is answered with 408, a body fails with
    /// [`Violation::BodyTimeout`], an idle connection is closed, a blocked response is aborted.
    pub fn expire(&self, expiry: Expiry) {
        self.expiry.set(Some(expiry));
        self.wake();
    }

    /// Wakes the connection's task.
    pub(crate) fn wake(&self) {
        // Cloned: a waker may poll the connection at once, which borrows the cell.
        let waker = self.waker.borrow().clone();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    pub(crate) fn expiry(&self) -> Option<Expiry> {
        self.expiry.get()
    }

    /// Remembers which task to wake when the connection expires.
    pub(crate) fn wake_later(&self, waker: &Waker) {
        let mut known = self.waker.borrow_mut();
        // Only when it differs: cloning a waker for each read costs an atomic operation.
        if !known.as_ref().is_some_and(|known| known.will_wake(waker)) {
            *known = Some(waker.clone());
        }
    }
}

/// A request is active while this value lives.
#[derive(Debug)]
pub struct ActiveRequest {
    state: Rc<ConnectionState>,
}

impl Drop for ActiveRequest {
    fn drop(&mut self) {
        let active = &self.state.active_requests;
        active.set(active.get() - 1);
        // The guard keeps the end of the connection back until now.
        if self.state.half_closed.get() {
            self.state.wake();
        }
    }
}
