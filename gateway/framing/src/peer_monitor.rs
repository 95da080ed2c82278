//! Finds slow peers by looking at each connection now and then, instead of by a timer per request.

use std::rc::Rc;
use std::time::Duration;

use crate::connection_state::ConnectionState;
use crate::expiry::Expiry;
use crate::flood::FloodBudget;
use crate::position::Position;

/// How long a peer may take.
#[derive(Clone, Copy, Debug)]
pub struct PeerTimeouts {
    /// For a complete head, from its first byte; also for the first head of a connection.
    pub head: Duration,
    /// Between two requests.
    pub idle: Duration,
    /// Without any byte of a body that is being read.
    pub body_idle: Duration,
    /// The minimum rate of a body in bytes per second, applied once `body_idle` was spent waiting for it.
    pub body_rate: u64,
    /// Without accepting any byte of a response.
    pub write_idle: Duration,
    /// The minimum rate of responses in bytes per second, applied to each `write_idle` that was spent waiting
    /// for the peer to read.
    pub write_rate: u64,
    /// For closing the connection after it was closed for writing (RFC 9112 section 9.6).
    pub linger: Duration,
}

/// What a connection waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// The gateway or the carrier works: the peer is not waited for.
    Working,
    FirstRequest,
    Idle,
    Head,
    Body,
    Write,
    Linger,
}

/// The sweep's memory of one connection.
#[derive(Debug)]
pub struct PeerMonitor {
    state: Rc<ConnectionState>,
    /// The stage, and a counter that grows with the peer's progress in it.
    seen: (Stage, u64),
    since: Duration,
    checked: Duration,
    body: BodyPace,
    responses: ResponsePace,
    flood: FloodBudget,
}

/// How fast the current body arrives.
#[derive(Debug, Default)]
struct BodyPace {
    head: u64,
    received: u64,
    waited: Duration,
}

/// How fast the peer reads, since the last time that this was looked at.
#[derive(Debug, Default)]
struct ResponsePace {
    sent: u64,
    waited: Duration,
}

impl PeerMonitor {
    /// Monitors a connection from `now` on, a monotonic time with any origin.
    #[must_use]
    pub fn new(state: Rc<ConnectionState>, now: Duration) -> Self {
        // Before the first check: a connection that closes meanwhile may already wait for the sweep.
        state.watched.set(true);
        let seen = progress(&state);
        Self {
            state,
            seen,
            since: now,
            checked: now,
            body: BodyPace::default(),
            responses: ResponsePace::default(),
            flood: FloodBudget::default(),
        }
    }

    /// Checks the connection once. Call it several times within the shortest timeout. A limit that the
    /// peer exceeded is reported to the connection and returned, once per period of waiting.
    pub fn check(&mut self, now: Duration, timeouts: &PeerTimeouts) -> Option<Expiry> {
        let seen = progress(&self.state);
        if self.state.half_closed.get() {
            // Nothing tells a task about a reset behind the end of the stream: it must ask.
            self.state.wake();
        }
        let step = now.saturating_sub(self.checked);
        self.checked = now;
        // Before the early return below: time spent in this stage must be counted in each check.
        let too_slow = self.is_body_too_slow(seen.0, step, timeouts)
            || self.is_reader_too_slow(seen.0, step, timeouts);
        // Before the timeouts: a flood is progress, and so would never look slow.
        if self.flood.overflows(&self.state, step) {
            self.state.expire(Expiry::Flood);
            return Some(Expiry::Flood);
        }
        if seen != self.seen {
            self.seen = seen;
            self.since = now;
        }
        let waited = now.saturating_sub(self.since);
        let (limit, expiry) = match seen.0 {
            Stage::Working => return None,
            Stage::FirstRequest => (timeouts.head, Expiry::Idle),
            Stage::Idle => (timeouts.idle, Expiry::Idle),
            Stage::Head => (timeouts.head, Expiry::Head),
            Stage::Body => (timeouts.body_idle, Expiry::Body),
            Stage::Write => (timeouts.write_idle, Expiry::Write),
            Stage::Linger => (timeouts.linger, Expiry::Linger),
        };
        if waited < limit && !too_slow {
            return None;
        }
        // The period begins anew, so that the peer is reported once and not in each check.
        self.since = now;
        self.body.waited = Duration::ZERO;
        self.responses.waited = Duration::ZERO;
        self.state.expire(expiry);
        Some(expiry)
    }

    /// Whether the last checks found the connection idle for at least `span`.
    #[must_use]
    pub fn has_idled(&self, now: Duration, span: Duration) -> bool {
        matches!(self.seen.0, Stage::FirstRequest | Stage::Idle)
            && now.saturating_sub(self.since) >= span
    }

    /// Whether the connection is idle at this moment.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        matches!(progress(&self.state).0, Stage::FirstRequest | Stage::Idle)
    }

    /// Withdraws what [`PeerMonitor::check`] reported to the connection, whose owner ends it more gently.
    pub fn withdraw_expiry(&self) {
        self.state.expiry.set(None);
    }

    /// Whether a body arrives, but below the minimum rate.
    fn is_body_too_slow(&mut self, stage: Stage, step: Duration, timeouts: &PeerTimeouts) -> bool {
        if stage != Stage::Body {
            return false;
        }
        let (head, received) = (self.state.heads.get(), self.state.received.get());
        // A new body has its own pace: a slow one before it must not count against it.
        if self.body.head != head {
            self.body = BodyPace {
                head,
                received,
                waited: Duration::ZERO,
            };
            return false;
        }
        self.body.waited += step;
        // In 128 bits, because rate and time are settings and their product may be large.
        let due = u128::from(timeouts.body_rate) * self.body.waited.as_millis() / 1000;
        // Not before `body_idle`: a slow start is no slow body.
        self.body.waited >= timeouts.body_idle && u128::from(received - self.body.received) < due
    }

    /// Whether the peer reads its responses, but below the minimum rate.
    fn is_reader_too_slow(
        &mut self,
        stage: Stage,
        step: Duration,
        timeouts: &PeerTimeouts,
    ) -> bool {
        if stage != Stage::Write {
            return false;
        }
        let sent = self.state.sent.get();
        if self.responses.waited.is_zero() {
            // From here on: what the system's buffers took before, the peer has not read.
            self.responses.sent = sent;
        }
        self.responses.waited += step;
        if self.responses.waited < timeouts.write_idle {
            return false;
        }
        let due = u128::from(timeouts.write_rate) * self.responses.waited.as_millis() / 1000;
        let read = u128::from(sent - self.responses.sent);
        self.responses.waited = Duration::ZERO;
        read < due
    }
}

fn progress(state: &ConnectionState) -> (Stage, u64) {
    // First: a connection that is closing is in no other stage.
    if state.lingering.get() {
        return (Stage::Linger, 0);
    }
    // Before the position: a peer that does not read its response may well be sending the next request.
    if state.write_blocked.get() {
        return (Stage::Write, state.sent.get());
    }
    // HTTP/2 counts a head of its own before the first request.
    let begun = state.heads.get() + state.begun_requests.get();
    match state.position.get() {
        Position::Head => (Stage::Head, state.heads.get()),
        // Only while hyper wants more: a body that the carrier is too slow to take is not the peer's fault.
        Position::Body if state.read_blocked.get() => (Stage::Body, state.received.get()),
        Position::Between | Position::Ended if state.is_idle() && begun == 0 => {
            (Stage::FirstRequest, 0)
        }
        Position::Between | Position::Ended if state.is_idle() => (Stage::Idle, begun),
        Position::Body | Position::Between | Position::Ended => (Stage::Working, 0),
    }
}
