//! The state machine.

use crate::{
    Effect, Event, Flight, FlightId, Grant, GrantFate, GrantNews, Jitter, Next, Phase, Policy,
    Reason, Standing, State, Token, Why, cool_down::CoolDown, grant::Presentation,
};
use gateway_model::{Failure, FailureClass, Generation};
use std::{
    mem,
    time::{Duration, Instant},
};

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

/// How an acquisition ended.
enum Landing {
    Issued {
        lifetime: Option<Duration>,
        renew_after: Option<Duration>,
        news: GrantNews,
    },
    Failed {
        failure: Failure,
        fate: GrantFate,
    },
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
            Event::CredentialsChanged { grant } => self.changed(state, grant, &mut step),
        };
        self.wish_to_wake(&mut step);
        step.effects
    }

    /// Takes a token away whose time is over. Runs before every event, so a late timer does no harm.
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

    /// Fresh => Renewing, unless the refusal is old, repeated, or nothing could be done about it.
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

    /// Everything but Vacant => Acquiring; nothing that the old credentials brought survives.
    fn changed(&mut self, state: State, grant: Option<Grant>, step: &mut Step) -> State {
        self.failures = 0;
        self.cool_down = CoolDown::default();
        let standing = match grant {
            Some(grant) => {
                self.grant = grant;
                Standing::Orphaned
            }
            None => Standing::Stale,
        };
        match state {
            State::Vacant => State::Vacant,
            State::Acquiring { flight } | State::Renewing { flight, .. } => {
                step.withdraw(Why::Changed, None);
                let standing = match flight.standing {
                    Standing::Orphaned => Standing::Orphaned,
                    Standing::Current | Standing::Stale => standing,
                };
                State::Acquiring {
                    flight: Flight { standing, ..flight },
                }
            }
            State::Fresh { .. } | State::BackingOff { .. } | State::Rejected { .. } => {
                step.withdraw(Why::Changed, None);
                self.start(None, Reason::Changed, step)
            }
        }
    }

    /// Acquiring | Renewing => whatever the answer makes of it; a flight that nobody waits for changes
    /// nothing.
    fn landed(&mut self, state: State, id: FlightId, landing: Landing, step: &mut Step) -> State {
        let (flight, token) = match state {
            State::Acquiring { flight } if flight.id == id => (flight, None),
            State::Renewing { token, flight } if flight.id == id => (flight, Some(token)),
            state @ (State::Vacant
            | State::Acquiring { .. }
            | State::Fresh { .. }
            | State::Renewing { .. }
            | State::BackingOff { .. }
            | State::Rejected { .. }) => return state,
        };
        if flight.standing != Standing::Orphaned && flight.phase == Phase::Requesting {
            match &landing {
                Landing::Issued { news, .. } => {
                    self.grant
                        .issued(step.now, *news, self.policy.keep_alive_fraction);
                }
                Landing::Failed { fate, .. } => self.grant.failed(*fate),
            }
        }
        match landing {
            _ if flight.standing != Standing::Current => self.start(None, Reason::Changed, step),
            Landing::Issued {
                lifetime,
                renew_after,
                ..
            } => self.issued(flight, token, lifetime, renew_after, step),
            Landing::Failed { failure, .. } => self.failed(token, failure, step),
        }
    }

    /// Acquiring | Renewing stay, and what was waited for goes out.
    fn intent_recorded(&mut self, state: State, id: FlightId, step: &mut Step) -> State {
        let recorded = state
            .flight()
            .copied()
            .filter(|flight| flight.id == id && flight.phase == Phase::Recording);
        let Some(flight) = recorded else { return state };
        if flight.standing != Standing::Current {
            return self.start(None, Reason::Changed, step);
        }
        self.grant.presented();
        let flight = Flight {
            phase: Phase::Requesting,
            started: step.now,
            ..flight
        };
        step.effects.push(Effect::RequestToken {
            flight: id,
            reason: flight.reason,
        });
        match state.token() {
            Some(&token) => State::Renewing { token, flight },
            None => State::Acquiring { flight },
        }
    }

    /// Acquiring | Renewing => Fresh
    fn issued(
        &mut self,
        flight: Flight,
        old: Option<Token>,
        lifetime: Option<Duration>,
        renew_after: Option<Duration>,
        step: &mut Step,
    ) -> State {
        let plan = self
            .policy
            .renewal
            .schedule(flight.started, lifetime, renew_after, step.jitter)
            .filter(|plan| step.now < plan.usable_until);
        let Some(plan) = plan else {
            return self.failed(old, dead_on_arrival(), step);
        };
        self.failures = 0;
        self.generation = self.generation.next();
        let token = Token {
            generation: self.generation,
            issued_at: flight.started,
            expires_at: plan.expires_at,
            usable_until: plan.usable_until,
        };
        step.effects.push(Effect::Publish {
            generation: token.generation,
            usable_until: token.usable_until,
        });
        let next = if self.grant.spent() {
            Next::Person { probe_at: None }
        } else {
            let keep_alive_at = self.grant.keep_alive_at().unwrap_or(plan.renew_at);
            Next::At(
                plan.renew_at
                    .min(keep_alive_at.max(step.now + self.policy.renewal.min_interval)),
            )
        };
        State::Fresh {
            token,
            next,
            trouble: None,
        }
    }

    /// Acquiring => BackingOff | Rejected; Renewing => Fresh
    fn failed(&mut self, token: Option<Token>, failure: Failure, step: &mut Step) -> State {
        self.failures = self.failures.saturating_add(1);
        let failure = self.in_view_of_the_grant(failure);
        let next = self.after(&failure, token.as_ref(), step);
        match token {
            Some(token) => State::Fresh {
                token,
                next,
                trouble: Some(failure),
            },
            None => self.without_token(Why::Failed(failure), next, step),
        }
    }

    /// A passing failure that cost the grant is for a person to end, and says so.
    fn in_view_of_the_grant(&self, failure: Failure) -> Failure {
        let lost =
            self.grant.spent() || self.grant.outcome_unknown() && !self.policy.last_chance.allowed;
        if !lost || failure.class == FailureClass::Interaction {
            return failure;
        }
        let needed = login_needed(&self.grant);
        let message = format!("{}; the last attempt ended so: {failure}", needed.message);
        Failure { message, ..needed }
    }

    /// Says that there is nothing to inject, and until when.
    fn without_token(&self, why: Why, next: Next, step: &mut Step) -> State {
        match next {
            Next::At(until) => {
                step.withdraw(why.clone(), Some(until));
                State::BackingOff { until, why }
            }
            Next::Person { probe_at } => {
                let failure = match why {
                    Why::Failed(failure) => failure,
                    Why::Expired | Why::Changed => login_needed(&self.grant),
                };
                step.withdraw(Why::Failed(failure.clone()), probe_at);
                State::Rejected { failure, probe_at }
            }
        }
    }

    /// What follows a failure.
    fn after(&self, failure: &Failure, token: Option<&Token>, step: &Step) -> Next {
        let backoff = &self.policy.backoff;
        let wait = |backoff: crate::Backoff| {
            let asked = failure.retry_after.map_or(Duration::ZERO, |asked| {
                self.policy.backoff.retry_after.wait(asked, step.jitter)
            });
            backoff.wait(self.failures, step.jitter).max(asked)
        };
        let wait = match failure.class {
            FailureClass::Transient => wait(backoff.transient),
            FailureClass::Protocol => wait(backoff.protocol),
            FailureClass::Bug => wait(backoff.bug),
            FailureClass::Rejected => {
                return Next::Person {
                    probe_at: Some(step.now + backoff.probe_every),
                };
            }
            FailureClass::Config | FailureClass::Interaction => {
                return Next::Person { probe_at: None };
            }
        };
        let soonest = step.now + wait;
        match token {
            // The token serves as long as it can before the grant is put at risk.
            Some(token) if self.grant.outcome_unknown() => {
                let lead = self.policy.last_chance.lead;
                let late = token.usable_until.checked_sub(lead).unwrap_or(step.now);
                Next::At(soonest.max(late))
            }
            Some(_) | None => Next::At(soonest),
        }
    }

    /// Begins an acquisition, if the grant allows one.
    fn start(&mut self, token: Option<Token>, reason: Reason, step: &mut Step) -> State {
        let (phase, reason) = match self.grant.presentation(self.policy.last_chance.allowed) {
            Presentation::Free => (Phase::Requesting, reason),
            Presentation::AfterIntent { last_chance: false } => (Phase::Recording, reason),
            Presentation::AfterIntent { last_chance: true } => {
                (Phase::Recording, Reason::LastChance)
            }
            Presentation::Refused => {
                let next = Next::Person { probe_at: None };
                let failure = login_needed(&self.grant);
                return match token {
                    Some(token) => State::Fresh {
                        token,
                        next,
                        trouble: Some(failure),
                    },
                    None => self.without_token(Why::Failed(failure), next, step),
                };
            }
        };
        self.flights += 1;
        let flight = Flight {
            id: FlightId(self.flights),
            phase,
            started: step.now,
            reason,
            standing: Standing::Current,
        };
        step.effects.push(match phase {
            Phase::Recording => Effect::RecordIntent {
                flight: flight.id,
                reason,
            },
            Phase::Requesting => Effect::RequestToken {
                flight: flight.id,
                reason,
            },
        });
        match token {
            Some(token) => State::Renewing { token, flight },
            None => State::Acquiring { flight },
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

/// The carrier issued a token that nothing can be done with.
fn dead_on_arrival() -> Failure {
    Failure::new(
        FailureClass::Protocol,
        "expired_on_arrival",
        "the carrier's token had no lifetime left when it arrived; check the answer's expires_in, and \
         how long the token endpoint takes",
    )
}

/// A single-use grant that must not be presented any more.
fn login_needed(grant: &Grant) -> Failure {
    let message = if grant.outcome_unknown() {
        "it is not known whether the carrier used up the refresh token, and presenting it again is \
         switched off; sign in at the carrier again"
    } else {
        "the refresh token is used up; sign in at the carrier again"
    };
    Failure::new(FailureClass::Interaction, "login_needed", message)
}
