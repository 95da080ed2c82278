//! The state machine.

mod flight;

use crate::{
    AbsenceReason, Effect, Event, Flight, FlightCurrency, Grant, Jitter, LifecycleState,
    NextAttempt, Policy, RequestCause, cool_down::CoolDown,
};
use flight::FlightOutcome;
use gateway_model::{FailureClass, Generation};
use std::{mem, time::Instant};

/// The life of one credential slot's tokens. The crate's documentation has the diagram of the states.
#[derive(Debug)]
pub struct Lifecycle {
    policy: Policy,
    grant: Grant,
    state: LifecycleState,
    generation: Generation,
    failures: u32,
    cool_down: CoolDown,
    flights: u64,
    armed: Option<Instant>,
    /// When this gateway would renew the adopted token if no other gateway did.
    own_renewal: Option<Instant>,
}

/// What one call of [`Lifecycle::handle`] works with.
struct Step {
    now: Instant,
    jitter: Jitter,
    effects: Vec<Effect>,
}

impl Step {
    fn withdraw(&mut self, why: AbsenceReason, retry_at: Option<Instant>) {
        self.effects.push(Effect::Withdraw { why, retry_at });
    }
}

impl Lifecycle {
    /// A lifecycle with no token that waits for its first event.
    pub const fn new(policy: Policy, grant: Grant) -> Self {
        Self {
            policy,
            grant,
            state: LifecycleState::Vacant,
            generation: Generation::NONE,
            failures: 0,
            cool_down: CoolDown {
                until: None,
                strikes: 0,
            },
            flights: 0,
            armed: None,
            own_renewal: None,
        }
    }

    /// Goes by another policy from the next event on. What is armed stays armed.
    pub const fn set_policy(&mut self, policy: Policy) {
        self.policy = policy;
    }

    /// Its state.
    pub const fn state(&self) -> &LifecycleState {
        &self.state
    }

    /// The newest token's number.
    pub const fn generation(&self) -> Generation {
        self.generation
    }

    /// What tokens are requested with.
    pub const fn grant(&self) -> &Grant {
        &self.grant
    }

    /// Failures since the last issued token.
    pub const fn failures(&self) -> u32 {
        self.failures
    }

    /// Until when no 401 starts a renewal, if that is still to come.
    pub fn cooling_down_until(&self, now: Instant) -> Option<Instant> {
        self.cool_down.until(now)
    }

    /// Takes one event in and says what to do.
    #[must_use = "an effect that is not carried out stalls the lifecycle"]
    pub fn handle(&mut self, now: Instant, event: Event, jitter: Jitter) -> Vec<Effect> {
        let mut step = Step {
            now,
            jitter,
            effects: Vec::new(),
        };
        // A fired timer is no longer set: the next wish must be sent even if it names the same instant.
        if matches!(event, Event::TimerFired) {
            self.armed = None;
        }
        let state = mem::replace(&mut self.state, LifecycleState::Vacant);
        // Before the event: it must not see a token whose time is over.
        let state = self.expired(state, &mut step);
        self.state = match event {
            Event::Demanded => self.demanded(state, &mut step),
            Event::Issued {
                flight,
                lifetime,
                renew_after,
                grant,
            } => {
                let landing = FlightOutcome::Issued {
                    lifetime,
                    renew_after,
                    news: grant,
                };
                self.landed(state, flight, landing, &mut step)
            }
            Event::Failed {
                flight,
                failure,
                fate,
            } => {
                let landing = FlightOutcome::Failed { failure, fate };
                self.landed(state, flight, landing, &mut step)
            }
            Event::IntentRecorded { flight } => self.intent_recorded(state, flight, &mut step),
            Event::Unauthorized { generation } => self.unauthorized(state, generation, &mut step),
            Event::TimerFired => self.timer_fired(state, &mut step),
            Event::OperatorAsked => {
                self.start_unless_in_flight(state, RequestCause::Operator, &mut step)
            }
            Event::CredentialsChanged => self.changed(state, &mut step),
            Event::Adopted { grant, token } => self.adopted(&state, grant, token, &mut step),
            Event::StandbyEnded => self.standby_ended(state),
        };
        self.wish_to_wake(&mut step);
        step.effects
    }

    /// Withdraws a token whose time is over. It runs before every event, so a late timer is harmless.
    fn expired(&mut self, state: LifecycleState, step: &mut Step) -> LifecycleState {
        if state
            .token()
            .is_none_or(|token| step.now < token.usable_until)
        {
            return state;
        }
        match state {
            // Renewing => Acquiring
            LifecycleState::Renewing { flight, .. } => {
                // Without an instant: the answer of the flight may come at any moment.
                step.withdraw(AbsenceReason::Expired, None);
                LifecycleState::Acquiring { flight }
            }
            // Fresh => BackingOff | Rejected
            LifecycleState::Fresh {
                next, last_failure, ..
            } => {
                let why = last_failure.map_or(AbsenceReason::Expired, AbsenceReason::Failed);
                self.without_token(why, next, step)
            }
            state @ (LifecycleState::Vacant
            | LifecycleState::Acquiring { .. }
            | LifecycleState::BackingOff { .. }
            | LifecycleState::Rejected { .. }) => state,
        }
    }

    /// Vacant | BackingOff | Rejected => Acquiring
    fn demanded(&mut self, state: LifecycleState, step: &mut Step) -> LifecycleState {
        match state {
            LifecycleState::Vacant => self.start(None, RequestCause::First, step),
            LifecycleState::BackingOff { until, .. } if until <= step.now => {
                self.start(None, RequestCause::Retry, step)
            }
            // A demand probes refused credentials, never a timer: without traffic the carrier is left alone.
            LifecycleState::Rejected {
                probe_at: Some(at), ..
            } if at <= step.now => self.start(None, RequestCause::Probe, step),
            state @ (LifecycleState::Acquiring { .. }
            | LifecycleState::Fresh { .. }
            | LifecycleState::Renewing { .. }
            | LifecycleState::BackingOff { .. }
            | LifecycleState::Rejected { .. }) => state,
        }
    }

    /// Vacant | BackingOff => Acquiring; Fresh => Renewing
    fn timer_fired(&mut self, state: LifecycleState, step: &mut Step) -> LifecycleState {
        match state {
            LifecycleState::Vacant
                if self.grant.keep_alive_at().is_some_and(|at| at <= step.now) =>
            {
                self.start(None, RequestCause::KeepAlive, step)
            }
            LifecycleState::Fresh {
                token,
                next: NextAttempt::At(at),
                last_failure,
            } if at <= step.now => {
                let reason = if last_failure.is_some() {
                    RequestCause::Retry
                } else {
                    RequestCause::Due
                };
                self.start(Some(token), reason, step)
            }
            LifecycleState::Fresh {
                token,
                next: NextAttempt::Person { probe_at: Some(at) },
                ..
            } if at <= step.now => self.start(Some(token), RequestCause::Probe, step),
            LifecycleState::BackingOff { until, .. } if until <= step.now => {
                self.start(None, RequestCause::Retry, step)
            }
            state @ (LifecycleState::Vacant
            | LifecycleState::Acquiring { .. }
            | LifecycleState::Fresh { .. }
            | LifecycleState::Renewing { .. }
            | LifecycleState::BackingOff { .. }
            | LifecycleState::Rejected { .. }) => state,
        }
    }

    /// Fresh => Renewing, unless the refusal is old, repeated, or nothing could be done about it; =>
    /// Rejected if the grant was refused as well.
    fn unauthorized(
        &mut self,
        state: LifecycleState,
        generation: Generation,
        step: &mut Step,
    ) -> LifecycleState {
        match state {
            LifecycleState::Fresh {
                token,
                next,
                last_failure: None,
            } if token.generation == generation
                // One renewal per cool-down: the carrier may answer 401 for what no token cures.
                && self.cool_down.until(step.now).is_none()
                // A grant of unknown fate is not risked for one refusal: it waits for the token's end.
                && !self.grant.outcome_unknown()
                && !self.grant.spent()
                // Where only a person helps, a renewal would repeat the refusal.
                && matches!(next, NextAttempt::At(_)) =>
            {
                self.cool_down.arm(step.now, &self.policy.cool_down);
                self.start(Some(token), RequestCause::Unauthorized, step)
            }
            // The carrier refused the grant earlier and the token now: the password was changed, and the
            // token is worthless although its time is not over.
            LifecycleState::Fresh {
                token,
                next,
                last_failure: Some(failure),
            } if token.generation == generation
                && failure.class == FailureClass::Interaction
                && self.grant.spent() =>
            {
                self.without_token(AbsenceReason::Failed(failure), next, step)
            }
            state @ (LifecycleState::Vacant
            | LifecycleState::Acquiring { .. }
            | LifecycleState::Fresh { .. }
            | LifecycleState::Renewing { .. }
            | LifecycleState::BackingOff { .. }
            | LifecycleState::Rejected { .. }) => state,
        }
    }

    /// Vacant | Fresh | BackingOff | Rejected => Acquiring | Renewing
    fn start_unless_in_flight(
        &mut self,
        state: LifecycleState,
        reason: RequestCause,
        step: &mut Step,
    ) -> LifecycleState {
        match state {
            // A second flight would present the same grant twice.
            state @ (LifecycleState::Acquiring { .. } | LifecycleState::Renewing { .. }) => state,
            LifecycleState::Fresh { token, .. } => self.start(Some(token), reason, step),
            LifecycleState::Vacant
            | LifecycleState::BackingOff { .. }
            | LifecycleState::Rejected { .. } => self.start(None, reason, step),
        }
    }

    /// Any state but Vacant => Acquiring; no token of the old credentials survives.
    fn changed(&mut self, state: LifecycleState, step: &mut Step) -> LifecycleState {
        // Failures of the old credentials say nothing of the new ones.
        self.failures = 0;
        self.cool_down = CoolDown::default();
        match state {
            // Nothing was published, and nobody has asked yet.
            LifecycleState::Vacant => LifecycleState::Vacant,
            LifecycleState::Acquiring { flight } | LifecycleState::Renewing { flight, .. } => {
                step.withdraw(AbsenceReason::Changed, None);
                // The flight stays: its answer may hold the only new refresh token.
                LifecycleState::Acquiring {
                    flight: Flight {
                        currency: FlightCurrency::Stale,
                        ..flight
                    },
                }
            }
            LifecycleState::Fresh { .. }
            | LifecycleState::BackingOff { .. }
            | LifecycleState::Rejected { .. } => {
                step.withdraw(AbsenceReason::Changed, None);
                self.start(None, RequestCause::Changed, step)
            }
        }
    }

    /// Fresh stays, and its renewal comes when it is due.
    fn standby_ended(&mut self, state: LifecycleState) -> LifecycleState {
        match (state, self.own_renewal.take()) {
            (
                LifecycleState::Fresh {
                    token,
                    next: NextAttempt::At(at),
                    last_failure: None,
                },
                Some(own),
            ) => LifecycleState::Fresh {
                token,
                next: NextAttempt::At(at.min(own)),
                last_failure: None,
            },
            (state, _) => state,
        }
    }

    /// Asks for a timer if the instant to wake at has changed.
    fn wish_to_wake(&mut self, step: &mut Step) {
        let at = match &self.state {
            LifecycleState::Vacant => self.grant.keep_alive_at(),
            // A flight reports by itself, and refused credentials are tried on demand only.
            LifecycleState::Acquiring { .. } | LifecycleState::Rejected { .. } => None,
            LifecycleState::Fresh { token, next, .. } => {
                let end = token.usable_until;
                Some(next.at().map_or(end, |at| at.min(end)))
            }
            LifecycleState::Renewing { token, .. } => Some(token.usable_until),
            LifecycleState::BackingOff { until, .. } => Some(*until),
        };
        // Only a change: an idle account costs no timer traffic.
        if self.armed != at {
            self.armed = at;
            step.effects.extend(at.map(Effect::WakeAt));
        }
    }
}
