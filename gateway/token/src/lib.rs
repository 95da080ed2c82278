//! The token lifecycle: a pure state machine, one per credential slot.
//!
//! ```text
//!              Demanded                 Issued                  due, or a 401
//!    Vacant ─────────────▶ Acquiring ─────────────▶ Fresh ◀───────────────────▶ Renewing
//!                           │  ▲  ▲                  │      Issued, or Failed       │
//!            Failed:        │  │  └──────────────────┼──────────────────────────────┘
//!            a passing      │  │ due, or Demanded    │ expired              expired
//!            fault          ▼  │ after `until`       ▼
//!                        BackingOff { until } ◀── (renewal kept failing)
//!                           ┆
//!            Failed: only   ▼
//!            a person ─▶ Rejected ── Demanded late, operator, new credentials ─▶ Acquiring
//!            can end it
//! ```
//!
//! The only input is [`Lifecycle::handle`]: an event, the time, and one random number. The only output
//! is a list of [`Effect`]s, which the caller carries out in order. The shell (`gateway-broker`) owns
//! the sockets, the clock and the randomness. Nothing here blocks, awaits or keeps a secret.
//!
//! These properties hold for every order of events (`tests/properties.rs`):
//!
//! * at most one acquisition is in flight;
//! * a published token is withdrawn by its end, and a usable one is never withdrawn because a
//!   renewal failed;
//! * a 401 about an older generation starts nothing, and a 401 about a token that was renewed because
//!   of a 401 starts nothing until a cool-down is over;
//! * a temporary failure (429, 5xx, no connection) never needs a person;
//! * a single-use refresh token is presented once, and once more only when its fate is unknown and
//!   a login is the only alternative.

mod backoff;
mod cool_down;
mod event;
mod grant;
mod lifecycle;
mod policy;
mod schedule;
mod state;

pub use backoff::{Backoff, RetryAfterRange};
pub use cool_down::CoolDownPolicy;
pub use event::{AbsenceReason, AdoptedToken, Effect, Event, FlightId, Jitter, RequestCause};
pub use grant::{Grant, GrantFate, GrantUpdate, SingleUse, SingleUseStatus};
pub use lifecycle::Lifecycle;
pub use policy::{BackoffPolicy, LastChancePolicy, Policy};
pub use schedule::{RenewalPolicy, Schedule};
pub use state::{Flight, FlightCurrency, FlightPhase, LifecycleState, NextAttempt, PublishedToken};
