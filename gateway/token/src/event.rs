//! The events that go into a lifecycle, and the effects that come out.

use crate::{Grant, GrantFate, GrantUpdate};
use gateway_model::{Failure, Generation};
use std::time::{Duration, Instant};

/// Identifies one acquisition, so that a late or repeated answer is recognised and dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FlightId(pub u64);

/// One random number in `[0, 1)`, drawn by the shell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Jitter(f64);

impl Jitter {
    /// The middle of the range: no deviation from the schedule.
    pub const NONE: Self = Self(0.5);

    /// Wraps a random number; one outside `[0, 1)` becomes [`Jitter::NONE`].
    pub fn new(random: f64) -> Self {
        // The range refuses NaN as well.
        if (0.0..1.0).contains(&random) {
            Self(random)
        } else {
            Self::NONE
        }
    }

    pub(crate) const fn unit(self) -> f64 {
        self.0
    }
}

/// An event that the lifecycle reacts to.
#[derive(Clone, Debug)]
pub enum Event {
    /// A request needs a token.
    Demanded,
    /// The carrier issued a token.
    Issued {
        /// The acquisition that brought it.
        flight: FlightId,
        /// How long the carrier lets it live, counted from the begin of the request; `None`: for
        /// ever.
        lifetime: Option<Duration>,
        /// When the plugin wants it renewed, counted likewise.
        renew_after: Option<Duration>,
        /// What became of a single-use grant; ignored for a repeatable one.
        grant: GrantUpdate,
    },
    /// The acquisition failed, or its intent could not be recorded.
    Failed {
        /// The acquisition.
        flight: FlightId,
        /// Why the acquisition failed.
        failure: Failure,
        /// Whether a single-use grant survived; ignored for a repeatable one.
        fate: GrantFate,
    },
    /// The intent to present a single-use grant is durable.
    IntentRecorded {
        /// The acquisition whose request may now be sent.
        flight: FlightId,
    },
    /// The carrier answered 401 to a request that carried this generation.
    Unauthorized {
        /// The refused token.
        generation: Generation,
    },
    /// The instant of the last [`Effect::WakeAt`] has come. An early, late or repeated one is harmless.
    TimerFired,
    /// An operator asks for a new token now.
    OperatorAsked,
    /// The account has new credentials. A token that the old ones brought must not be used any more; a
    /// single-use grant stays.
    CredentialsChanged,
    /// A grant, and perhaps a token, came from the store after a restart, or from a person's login. They
    /// replace everything, and a flight that is under way no longer counts.
    Adopted {
        /// What tokens are requested with from now on.
        grant: Grant,
        /// A token that may be used at once.
        token: Option<AdoptedToken>,
    },
    /// The gateway that renewed the adopted token is gone: this one renews it now, when it is due.
    StandbyEnded,
}

/// A token that no flight of this lifecycle brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AdoptedToken {
    /// How long the carrier still lets it live; `None`: for ever.
    pub lifetime: Option<Duration>,
    /// How long until its renewal is due, if that is known.
    pub renew_after: Option<Duration>,
    /// Another gateway renews it. This one does so that much later, if no newer token came by then; `None`:
    /// this gateway renews it.
    pub standby: Option<Duration>,
}

/// Why a token is requested.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RequestCause {
    /// A request waits, and there was no token.
    First,
    /// The current token nears its end.
    Due,
    /// The carrier refused the current token.
    Unauthorized,
    /// The last attempt failed, and its wait is over.
    Retry,
    /// The carrier refused the credentials some time ago, and may accept them by now.
    Probe,
    /// The refresh grant itself nears its end.
    KeepAlive,
    /// The last presentation of a grant of unknown fate.
    LastChance,
    /// An operator asked.
    Operator,
    /// The credentials were replaced.
    Changed,
}

impl RequestCause {
    /// Stable name for logs and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Due => "due",
            Self::Unauthorized => "unauthorized",
            Self::Retry => "retry",
            Self::Probe => "probe",
            Self::KeepAlive => "keep_alive",
            Self::LastChance => "last_chance",
            Self::Operator => "operator",
            Self::Changed => "credentials_changed",
        }
    }
}

/// Why there is no credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AbsenceReason {
    /// The token has expired, and the next one has not arrived yet.
    Expired,
    /// The account got new credentials.
    Changed,
    /// No token could be acquired.
    Failed(Failure),
}

/// Something to do. Effects are carried out in the order in which they are returned.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "an effect that is not carried out stalls its lifecycle"]
pub enum Effect {
    /// Make the intent to present the single-use grant durable, then report
    /// [`Event::IntentRecorded`], or [`Event::Failed`] without having presented anything.
    RecordIntent {
        /// The acquisition that waits for it.
        flight: FlightId,
        /// Why the grant will be presented.
        reason: RequestCause,
    },
    /// Ask the carrier, then report [`Event::Issued`] or [`Event::Failed`], exactly once.
    RequestToken {
        /// The flight that the report must name.
        flight: FlightId,
        /// Why the request is sent.
        reason: RequestCause,
    },
    /// Hand the token that was just issued to the data plane.
    Publish {
        /// The token's generation.
        generation: Generation,
        /// Never to be injected from this instant on.
        usable_until: Instant,
    },
    /// Take the published token away, or say anew why there is none.
    Withdraw {
        /// Why there is no credential.
        why: AbsenceReason,
        /// When another request may succeed.
        retry_at: Option<Instant>,
    },
    /// Report [`Event::TimerFired`] then. Replaces every earlier wish.
    WakeAt(Instant),
}
