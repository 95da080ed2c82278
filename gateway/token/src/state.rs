//! The states of a lifecycle, and what each carries.

use crate::{AbsenceReason, FlightId, RequestCause};
use gateway_model::{Failure, Generation};
use std::time::Instant;

/// The state of a lifecycle.
#[derive(Clone, Debug)]
pub enum LifecycleState {
    /// No token, and none was needed yet.
    Vacant,
    /// No usable token; one is on its way and callers wait for it.
    Acquiring {
        /// The acquisition in flight.
        flight: Flight,
    },
    /// A usable token.
    Fresh {
        /// The token.
        token: PublishedToken,
        /// The next attempt, unless an event starts one earlier.
        next: NextAttempt,
        /// Why the last renewal failed, if it did.
        last_failure: Option<Failure>,
    },
    /// A usable token, and the next one on its way.
    Renewing {
        /// The token that still serves.
        token: PublishedToken,
        /// The acquisition in flight.
        flight: Flight,
    },
    /// No usable token, and asking for one now would not help: callers fail fast.
    BackingOff {
        /// When the next attempt starts.
        until: Instant,
        /// Why there is no token, as callers are told.
        why: AbsenceReason,
    },
    /// No usable token, and only a person can change that.
    Rejected {
        /// What the carrier said.
        failure: Failure,
        /// From when on a demand may try once more; `None`: never by itself.
        probe_at: Option<Instant>,
    },
}

impl LifecycleState {
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
    pub const fn token(&self) -> Option<&PublishedToken> {
        match self {
            Self::Fresh { token, .. } | Self::Renewing { token, .. } => Some(token),
            Self::Vacant
            | Self::Acquiring { .. }
            | Self::BackingOff { .. }
            | Self::Rejected { .. } => None,
        }
    }

    /// Why the last attempt failed, if it did and no newer one is under way.
    pub const fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Fresh { last_failure, .. } => last_failure.as_ref(),
            Self::BackingOff {
                why: AbsenceReason::Failed(failure),
                ..
            }
            | Self::Rejected { failure, .. } => Some(failure),
            Self::Vacant
            | Self::Acquiring { .. }
            | Self::Renewing { .. }
            | Self::BackingOff { .. } => None,
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

/// A published token. Its value is kept by the shell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublishedToken {
    /// The token's generation.
    pub generation: Generation,
    /// When the request that brought it began.
    pub issued_at: Instant,
    /// When the token expires at the carrier.
    pub expires_at: Instant,
    /// When it is no longer used, a little before its end.
    pub usable_until: Instant,
}

/// The next attempt to get a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NextAttempt {
    /// A renewal at this instant.
    At(Instant),
    /// A person must act. From `probe_at` on, the refused credentials are tried once more.
    Person {
        /// As in [`LifecycleState::Rejected`].
        probe_at: Option<Instant>,
    },
}

impl NextAttempt {
    /// When the next attempt starts by itself while the token lives.
    pub const fn at(self) -> Option<Instant> {
        match self {
            Self::At(at) => Some(at),
            Self::Person { probe_at } => probe_at,
        }
    }
}

/// How far an acquisition is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlightPhase {
    /// The intent to present a single-use grant is being made durable; nothing was sent.
    Recording,
    /// The request was sent.
    Requesting,
}

/// One acquisition in flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flight {
    /// The id of the acquisition.
    pub id: FlightId,
    /// How far the acquisition is.
    pub phase: FlightPhase,
    /// When its request began; lifetimes count from here, the conservative end.
    pub started: Instant,
    /// Why the acquisition was started.
    pub reason: RequestCause,
    /// Whether its answer will still count.
    pub currency: FlightCurrency,
}

/// Whether the answer to a flight still counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlightCurrency {
    /// All of it counts.
    Current,
    /// The credentials changed since it started: its token is worthless, but what became of its
    /// single-use grant still counts.
    Stale,
}
