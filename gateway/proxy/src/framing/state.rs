//! What a downstream connection's guard tells the service and the sweep, and what they tell it.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::task::Waker;

use super::Violation;
use super::request::Position;
use super::start_line::REFUSED_METHOD;
use super::watch::Expiry;

/// Shared by a [`super::GuardedIo`], the service behind it and the sweep of its worker.
#[derive(Debug)]
pub struct ConnectionState {
    pub(super) position: Cell<Position>,
    pub(super) heads: Cell<u64>,
    pub(super) received: Cell<u64>,
    pub(super) sent: Cell<u64>,
    /// The peer owes us bytes: the last read found none.
    pub(super) read_blocked: Cell<bool>,
    /// The peer does not take ours.
    pub(super) write_blocked: Cell<bool>,
    /// Waiting for the peer to take note of a refusal.
    pub(super) lingering: Cell<bool>,
    /// Somebody checks this connection for slowness.
    pub(super) watched: Cell<bool>,
    serving: Cell<u32>,
    /// Requests whose serving began.
    pub(super) served: Cell<u64>,
    /// What the peer's HTTP/2 frames cost, and what in them outweighs that.
    pub(super) cost: Cell<u64>,
    pub(super) worth: Cell<u64>,
    pub(super) expiry: Cell<Option<Expiry>>,
    pub(super) refusal: Cell<Option<Violation>>,
    waker: RefCell<Option<Waker>>,
}

impl ConnectionState {
    pub(super) fn new() -> Rc<Self> {
        Rc::new(Self {
            position: Cell::new(Position::Between),
            heads: Cell::new(0),
            received: Cell::new(0),
            sent: Cell::new(0),
            read_blocked: Cell::new(false),
            write_blocked: Cell::new(false),
            lingering: Cell::new(false),
            watched: Cell::new(false),
            serving: Cell::new(0),
            served: Cell::new(0),
            cost: Cell::new(0),
            worth: Cell::new(0),
            expiry: Cell::new(None),
            refusal: Cell::new(None),
            waker: RefCell::new(None),
        })
    }

    /// Why `request` must be refused: it stands for one that never reached hyper.
    ///
    /// To be asked first for every HTTP/1 request. The answer is the violation's status with
    /// `Connection: close`. No client can send such a request itself.
    #[must_use]
    pub fn refusal<B>(&self, request: &http::Request<B>) -> Option<Violation> {
        let violation = self.refusal.get()?;
        (request.method().as_str() == REFUSED_METHOD).then_some(violation)
    }

    /// Marks a request as being served until the guard is dropped; hold it with the answer's body.
    #[must_use = "dropping it says that the answer is complete"]
    pub fn serve(self: &Rc<Self>) -> Serving {
        self.serving.set(self.serving.get() + 1);
        self.served.set(self.served.get() + 1);
        Serving {
            state: Rc::clone(self),
        }
    }

    /// Whether nothing is being received, served or sent.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.position.get() == Position::Between
            && self.serving.get() == 0
            && !self.write_blocked.get()
    }

    /// Whether every head that was approved is known to the service.
    #[must_use]
    pub fn has_served_all(&self) -> bool {
        self.heads.get() == self.served.get()
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
    /// [`Violation::BodyTimeout`], an idle connection ends, a blocked answer is cut.
    pub fn expire(&self, expiry: Expiry) {
        self.expiry.set(Some(expiry));
        let waker = self.waker.borrow_mut().take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    pub(super) fn expiry(&self) -> Option<Expiry> {
        self.expiry.get()
    }

    /// Remembers whom to wake when the connection expires.
    pub(super) fn wake_later(&self, waker: &Waker) {
        let mut known = self.waker.borrow_mut();
        if !known.as_ref().is_some_and(|known| known.will_wake(waker)) {
            *known = Some(waker.clone());
        }
    }
}

/// A request is being served while this lives.
#[derive(Debug)]
pub struct Serving {
    state: Rc<ConnectionState>,
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.state.serving.set(self.state.serving.get() - 1);
    }
}
