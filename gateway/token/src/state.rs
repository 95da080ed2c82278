//! The states and what each carries.

use crate::{FlightId, Reason, Why};
use gateway_model::{Failure, Generation};
use std::time::Instant;

/// Where a lifecycle stands.
#[derive(Clone, Debug)]
pub enum State {
    /// No token, and nobody asked for one.
    Vacant,
    /// No usable token; one is on its way and callers wait for it.
    Acquiring {
        /// The acquisition in flight.
        flight: Flight,
    },
    /// A usable token.
    Fresh {
        /// The token.
        token: Token,
        /// What comes next, unless something happens before.
        next: Next,
        /// Why the last renewal failed, if it did.
        trouble: Option<Failure>,
    },
    /// A usable token, and the next one on its way.
    Renewing {
        /// The token that still serves.
        token: Token,
        /// The acquisition in flight.
        flight: Flight,
    },
    /// No usable token, and asking for one now would not help: callers fail fast.
    BackingOff {
        /// When the next attempt starts.
        until: Instant,
        /// What to tell callers.
        why: Why,
    },
    /// No usable token, and only a person can change that.
    Rejected {
        /// What the carrier said.
        failure: Failure,
        /// From when on a demand may try once more; `None`: never by itself.
        probe_at: Option<Instant>,
    },
}

impl State {
    /// Stable name for people, logs and metrics.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Vacant => "vacant",
            Self::Acquiring { .. } => "acquiring",
            Self::Fresh { .. } => "fresh",
            Self::Renewing { .. } => "renewing",
            Self::BackingOff { .. } => "backing_off",
            Self::Rejected { .. } => "rejected",
        }
    }

    /// The token that may be injected, if there is one.
    pub const fn token(&self) -> Option<&Token> {
        match self {
            Self::Fresh { token, .. } | Self::Renewing { token, .. } => Some(token),
            Self::Vacant
            | Self::Acquiring { .. }
            | Self::BackingOff { .. }
            | Self::Rejected { .. } => None,
        }
    }

    /// The acquisition in flight, if there is one.
    pub const fn flight(&self) -> Option<&Flight> {
        match self {
            Self::Acquiring { flight } | Self::Renewing { flight, .. } => Some(flight),
            Self::Vacant | Self::Fresh { .. } | Self::BackingOff { .. } | Self::Rejected { .. } => {
                None
            }
        }
    }
}

/// A published token; the value itself is the shell's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// Its number.
    pub generation: Generation,
    /// When the request that brought it began.
    pub issued_at: Instant,
    /// When the carrier ends it.
    pub expires_at: Instant,
    /// When we stop using it, a little before.
    pub usable_until: Instant,
}

/// What a fresh token waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// A renewal then.
    At(Instant),
    /// A person must act. From `probe_at` on, the refused credentials are tried once more.
    Person {
        /// As in [`State::Rejected`].
        probe_at: Option<Instant>,
    },
}

impl Next {
    /// When the next attempt starts by itself while the token lives.
    pub const fn at(self) -> Option<Instant> {
        match self {
            Self::At(at) => Some(at),
            Self::Person { probe_at } => probe_at,
        }
    }
}

/// How far an acquisition got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// The intent to present a single-use grant is being made durable; nothing was sent.
    Recording,
    /// The request is out.
    Requesting,
}

/// One acquisition in flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flight {
    /// Its name.
    pub id: FlightId,
    /// How far it got.
    pub phase: Phase,
    /// When its request began; lifetimes count from here, the conservative end.
    pub started: Instant,
    /// Why it was started.
    pub reason: Reason,
    /// What its answer will be worth.
    pub standing: Standing,
}

/// What the answer to a flight will be worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// All of it.
    Current,
    /// The credentials changed since: its token is worth nothing, the news of its grant still
    /// count.
    Stale,
}
