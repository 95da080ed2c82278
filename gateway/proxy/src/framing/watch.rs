//! Slow connections, found by looking now and then instead of by a timer per request.

use std::rc::Rc;
use std::time::Duration;

use super::request::Position;
use super::state::ConnectionState;

/// How long a peer may take.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// For a whole head, from its first byte; also for the first head of a connection.
    pub head: Duration,
    /// Between two requests.
    pub idle: Duration,
    /// Without any byte of a body that somebody waits for.
    pub body_idle: Duration,
    /// The least bytes per second of a body, once `body_idle` was spent waiting for it.
    pub body_rate: u64,
    /// Without taking any byte of an answer.
    pub write_idle: Duration,
    /// For taking note of a refusal before the connection is cut.
    pub linger: Duration,
}

/// What a peer was too slow for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expiry {
    /// Sending the next request.
    Idle,
    /// Sending a head.
    Head,
    /// Sending a body.
    Body,
    /// Taking an answer.
    Write,
    /// Sending frames that mean something: HTTP/2 frames without use came too fast.
    Flood,
    /// Taking note of a refusal.
    Linger,
}

/// Frames without use that a peer may send at once, and per second.
const FLOOD: u64 = 2000;
const FLOOD_RATE: u64 = 100;
/// What a request and a KiB of answers outweigh: window updates belong to both.
const WORTH_OF_REQUEST: u64 = 8;
const WORTH_OF_KIB: u64 = 4;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Waiting for us, not for the peer.
    Ours,
    Fresh,
    Idle,
    Head,
    Body,
    Write,
    Linger,
}

/// The sweep's memory of one connection.
#[derive(Debug)]
pub struct Watch {
    state: Rc<ConnectionState>,
    /// What would have changed had the peer made progress.
    seen: (Stage, u64),
    since: Duration,
    checked: Duration,
    body: BodyPace,
    flood: Flood,
}

/// How far the cost of a peer's frames exceeds their worth.
#[derive(Debug, Default)]
struct Flood {
    level: u64,
    cost: u64,
    worth: u64,
    /// Milliseconds times [`FLOOD_RATE`] that have not bought a whole frame yet.
    rest: u64,
}

impl Flood {
    fn rises(&mut self, state: &ConnectionState, step: Duration) -> bool {
        let cost = state.cost.get();
        if cost == self.cost && self.level == 0 {
            return false;
        }
        let worth = state.worth.get()
            + state.served.get() * WORTH_OF_REQUEST
            + state.sent.get() / 1024 * WORTH_OF_KIB;
        let time = self.rest + u64::try_from(step.as_millis()).unwrap_or(u64::MAX / 2) * FLOOD_RATE;
        self.rest = time % 1000;
        let paid = (worth - self.worth) + time / 1000;
        self.level = (self.level + (cost - self.cost)).saturating_sub(paid);
        (self.cost, self.worth) = (cost, worth);
        self.level > FLOOD
    }
}

/// How a body has come in so far.
#[derive(Debug, Default)]
struct BodyPace {
    head: u64,
    received: u64,
    waited: Duration,
}

impl Watch {
    /// Watches a connection from `now` on: a monotonic time, whatever it counts from.
    #[must_use]
    pub fn new(state: Rc<ConnectionState>, now: Duration) -> Self {
        state.watched.set(true);
        let seen = progress(&state);
        Self {
            state,
            seen,
            since: now,
            checked: now,
            body: BodyPace::default(),
            flood: Flood::default(),
        }
    }

    /// Looks once; to be called several times within the shortest patience. What ran out is told
    /// to the connection and returned, once per stretch of waiting.
    pub fn check(&mut self, now: Duration, patience: &Patience) -> Option<Expiry> {
        let seen = progress(&self.state);
        let step = now.saturating_sub(self.checked);
        self.checked = now;
        let crawling = self.is_crawling(seen.0, step, patience);
        if self.flood.rises(&self.state, step) {
            self.state.expire(Expiry::Flood);
            return Some(Expiry::Flood);
        }
        if seen != self.seen {
            self.seen = seen;
            self.since = now;
        }
        let waited = now.saturating_sub(self.since);
        let (limit, expiry) = match seen.0 {
            Stage::Ours => return None,
            Stage::Fresh => (patience.head, Expiry::Idle),
            Stage::Idle => (patience.idle, Expiry::Idle),
            Stage::Head => (patience.head, Expiry::Head),
            Stage::Body => (patience.body_idle, Expiry::Body),
            Stage::Write => (patience.write_idle, Expiry::Write),
            Stage::Linger => (patience.linger, Expiry::Linger),
        };
        if waited < limit && !crawling {
            return None;
        }
        self.since = now;
        self.body.waited = Duration::ZERO;
        self.state.expire(expiry);
        Some(expiry)
    }

    /// Whether the last checks found nothing going on for at least `span`.
    #[must_use]
    pub fn has_idled(&self, now: Duration, span: Duration) -> bool {
        matches!(self.seen.0, Stage::Fresh | Stage::Idle) && now.saturating_sub(self.since) >= span
    }

    /// Whether nothing goes on at this moment.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        matches!(progress(&self.state).0, Stage::Fresh | Stage::Idle)
    }

    /// Takes back what [`Watch::check`] told the connection: its owner ends it more gently.
    pub fn forgive(&self) {
        self.state.expiry.set(None);
    }

    /// Whether a body comes, but below the least rate.
    fn is_crawling(&mut self, stage: Stage, step: Duration, patience: &Patience) -> bool {
        if stage != Stage::Body {
            return false;
        }
        let (head, received) = (self.state.heads.get(), self.state.received.get());
        if self.body.head != head {
            self.body = BodyPace {
                head,
                received,
                waited: Duration::ZERO,
            };
            return false;
        }
        self.body.waited += step;
        let due = u128::from(patience.body_rate) * self.body.waited.as_millis() / 1000;
        self.body.waited >= patience.body_idle && u128::from(received - self.body.received) < due
    }
}

fn progress(state: &ConnectionState) -> (Stage, u64) {
    if state.lingering.get() {
        return (Stage::Linger, 0);
    }
    if state.write_blocked.get() {
        return (Stage::Write, state.sent.get());
    }
    // HTTP/2 counts a head of its own before the first request.
    let begun = state.heads.get() + state.served.get();
    match state.position.get() {
        Position::Head => (Stage::Head, state.heads.get()),
        Position::Body if state.read_blocked.get() => (Stage::Body, state.received.get()),
        Position::Between if state.is_idle() && begun == 0 => (Stage::Fresh, 0),
        Position::Between if state.is_idle() => (Stage::Idle, begun),
        Position::Body | Position::Between => (Stage::Ours, 0),
    }
}
