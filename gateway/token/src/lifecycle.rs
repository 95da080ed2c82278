//! The state machine.

mod flight;

use crate::{
    Effect, Event, Flight, Grant, Jitter, Next, Policy, Reason, Standing, State, Why,
    cool_down::CoolDown,
};
use flight::Landing;
use gateway_model::{FailureClass, Generation};
use std::{mem, time::Instant};

/// The life of one credential slot's tokens. See the crate's documentation for the states.
#[derive(Debug)]
pub struct Lifecycle {
    policy: Policy,
    grant: Grant,
    state: State,
    generation: Generation,
    failures: u32,
    cool_down: CoolDown,
    flights: u64,
    armed: Option<Instant>,
}

/// What one call of [`Lifecycle::handle`] works with.
struct Step {
    now: Instant,
    jitter: Jitter,
    effects: Vec<Effect>,
}

impl Step {
    fn withdraw(&mut self, why: Why, retry_at: Option<Instant>) {
        self.effects.push(Effect::Withdraw { why, retry_at });
    }
}

impl Lifecycle {
    /// A lifecycle with no token that waits for its first event.
    pub const fn new(policy: Policy, grant: Grant) -> Self {
        Self {
            policy,
            grant,
            state: State::Vacant,
            generation: Generation::NONE,
            failures: 0,
            cool_down: CoolDown {
                until: None,
                strikes: 0,
            },
            flights: 0,
            armed: None,
        }
    }

    /// Where it stands.
    pub const fn state(&self) -> &State {
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
        if matches!(event, Event::TimerFired) {
            self.armed = None;
        }
        let state = mem::replace(&mut self.state, State::Vacant);
        let state = self.expired(state, &mut step);
        self.state = match event {
            Event::Demanded => self.demanded(state, &mut step),
            Event::Issued {
                flight,
                lifetime,
                renew_after,
                grant,
            } => {
                let landing = Landing::Issued {
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
                let landing = Landing::Failed { failure, fate };
                self.landed(state, flight, landing, &mut step)
            }
            Event::IntentRecorded { flight } => self.intent_recorded(state, flight, &mut step),
            Event::Unauthorized { generation } => self.unauthorized(state, generation, &mut step),
            Event::TimerFired => self.timer_fired(state, &mut step),
            Event::OperatorAsked => self.start_unless_in_flight(state, Reason::Operator, &mut step),
            Event::CredentialsChanged => self.changed(state, &mut step),
            Event::Adopted { grant, token } => self.adopted(&state, grant, token, &mut step),
        };
        self.wish_to_wake(&mut step);
        step.effects
    }

    /// Takes a token away whose time is over. Runs before every event, so a late timer does no
    /// harm.
    fn expired(&mut self, state: State, step: &mut Step) -> State {
        if state
            .token()
            .is_none_or(|token| step.now < token.usable_until)
        {
            return state;
        }
        match state {
            // Renewing => Acquiring
            State::Renewing { flight, .. } => {
                step.withdraw(Why::Expired, None);
                State::Acquiring { flight }
            }
            // Fresh => BackingOff | Rejected
            State::Fresh { next, trouble, .. } => {
                let why = trouble.map_or(Why::Expired, Why::Failed);
                self.without_token(why, next, step)
            }
            state @ (State::Vacant
            | State::Acquiring { .. }
            | State::BackingOff { .. }
            | State::Rejected { .. }) => state,
        }
    }

    /// Vacant | BackingOff | Rejected => Acquiring
    fn demanded(&mut self, state: State, step: &mut Step) -> State {
        match state {
            State::Vacant => self.start(None, Reason::First, step),
            State::BackingOff { until, .. } if until <= step.now => {
                self.start(None, Reason::Retry, step)
            }
            State::Rejected {
                probe_at: Some(at), ..
            } if at <= step.now => self.start(None, Reason::Probe, step),
            state @ (State::Acquiring { .. }
            | State::Fresh { .. }
            | State::Renewing { .. }
            | State::BackingOff { .. }
            | State::Rejected { .. }) => state,
        }
    }

    /// Vacant | BackingOff => Acquiring; Fresh => Renewing
    fn timer_fired(&mut self, state: State, step: &mut Step) -> State {
        match state {
            State::Vacant if self.grant.keep_alive_at().is_some_and(|at| at <= step.now) => {
                self.start(None, Reason::KeepAlive, step)
            }
            State::Fresh {
                token,
                next: Next::At(at),
                trouble,
            } if at <= step.now => {
                let reason = if trouble.is_some() {
                    Reason::Retry
                } else {
                    Reason::Due
                };
                self.start(Some(token), reason, step)
            }
            State::Fresh {
                token,
                next: Next::Person { probe_at: Some(at) },
                ..
            } if at <= step.now => self.start(Some(token), Reason::Probe, step),
            State::BackingOff { until, .. } if until <= step.now => {
                self.start(None, Reason::Retry, step)
            }
            state @ (State::Vacant
            | State::Acquiring { .. }
            | State::Fresh { .. }
            | State::Renewing { .. }
            | State::BackingOff { .. }
            | State::Rejected { .. }) => state,
        }
    }

    /// Fresh => Renewing, unless the refusal is old, repeated, or nothing could be done about it; =>
    /// Rejected if the grant was refused as well.
    fn unauthorized(&mut self, state: State, generation: Generation, step: &mut Step) -> State {
        match state {
            State::Fresh {
                token,
                next,
                trouble: None,
            } if token.generation == generation
                && self.cool_down.until(step.now).is_none()
                && !self.grant.outcome_unknown()
                && !self.grant.spent()
                && matches!(next, Next::At(_)) =>
            {
                self.cool_down.arm(step.now, &self.policy.cool_down);
                self.start(Some(token), Reason::Unauthorized, step)
            }
            // The carrier refused the grant before, and now the token: a change of the password.
            State::Fresh {
                token,
                next,
                trouble: Some(failure),
            } if token.generation == generation
                && failure.class == FailureClass::Interaction
                && self.grant.spent() =>
            {
                self.without_token(Why::Failed(failure), next, step)
            }
            state @ (State::Vacant
            | State::Acquiring { .. }
            | State::Fresh { .. }
            | State::Renewing { .. }
            | State::BackingOff { .. }
            | State::Rejected { .. }) => state,
        }
    }

    /// Vacant | Fresh | BackingOff | Rejected => Acquiring | Renewing
    fn start_unless_in_flight(&mut self, state: State, reason: Reason, step: &mut Step) -> State {
        match state {
            state @ (State::Acquiring { .. } | State::Renewing { .. }) => state,
            State::Fresh { token, .. } => self.start(Some(token), reason, step),
            State::Vacant | State::BackingOff { .. } | State::Rejected { .. } => {
                self.start(None, reason, step)
            }
        }
    }

    /// Everything but Vacant => Acquiring; no token that the old credentials brought survives.
    fn changed(&mut self, state: State, step: &mut Step) -> State {
        self.failures = 0;
        self.cool_down = CoolDown::default();
        match state {
            State::Vacant => State::Vacant,
            State::Acquiring { flight } | State::Renewing { flight, .. } => {
                step.withdraw(Why::Changed, None);
                State::Acquiring {
                    flight: Flight {
                        standing: Standing::Stale,
                        ..flight
                    },
                }
            }
            State::Fresh { .. } | State::BackingOff { .. } | State::Rejected { .. } => {
                step.withdraw(Why::Changed, None);
                self.start(None, Reason::Changed, step)
            }
        }
    }

    /// Asks for a timer if the instant to wake at has changed.
    fn wish_to_wake(&mut self, step: &mut Step) {
        let at = match &self.state {
            State::Vacant => self.grant.keep_alive_at(),
            State::Acquiring { .. } | State::Rejected { .. } => None,
            State::Fresh { token, next, .. } => {
                let end = token.usable_until;
                Some(next.at().map_or(end, |at| at.min(end)))
            }
            State::Renewing { token, .. } => Some(token.usable_until),
            State::BackingOff { until, .. } => Some(*until),
        };
        if self.armed != at {
            self.armed = at;
            step.effects.extend(at.map(Effect::WakeAt));
        }
    }
}
