//! Acquisitions: how they begin, and what their end makes of a lifecycle.

use super::{Lifecycle, Step};
use crate::{
    AdoptedToken, Effect, Flight, FlightId, Grant, GrantFate, GrantNews, Next, Phase, Reason,
    Schedule, Standing, State, Token, Why, cool_down::CoolDown, grant::Presentation,
};
use gateway_model::{Failure, FailureClass};
use std::time::{Duration, Instant};

/// How an acquisition ended.
pub(super) enum Landing {
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

impl Lifecycle {
    /// Acquiring | Renewing => whatever the answer makes of it; a flight that nobody waits for
    /// changes nothing.
    pub(super) fn landed(
        &mut self,
        state: State,
        id: FlightId,
        landing: Landing,
        step: &mut Step,
    ) -> State {
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
        if flight.phase == Phase::Requesting {
            match &landing {
                Landing::Issued { news, .. } => {
                    self.grant
                        .issued(step.now, *news, self.policy.keep_alive_fraction);
                }
                Landing::Failed { fate, .. } => self.grant.failed(*fate),
            }
        }
        match landing {
            _ if flight.standing == Standing::Stale => self.start(None, Reason::Changed, step),
            Landing::Issued {
                lifetime,
                renew_after,
                ..
            } => self.issued(flight, token, lifetime, renew_after, step),
            Landing::Failed { failure, .. } => self.failed(flight.reason, token, failure, step),
        }
    }

    /// Acquiring | Renewing stay, and what was waited for goes out.
    pub(super) fn intent_recorded(&mut self, state: State, id: FlightId, step: &mut Step) -> State {
        let recorded = state
            .flight()
            .copied()
            .filter(|flight| flight.id == id && flight.phase == Phase::Recording);
        let Some(flight) = recorded else { return state };
        if flight.standing == Standing::Stale {
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
            return self.failed(flight.reason, old, dead_on_arrival(), step);
        };
        self.fresh(flight.started, plan, step)
    }

    /// Whatever state => Fresh with what came from elsewhere, or Vacant.
    pub(super) fn adopted(
        &mut self,
        state: &State,
        grant: Grant,
        token: Option<AdoptedToken>,
        step: &mut Step,
    ) -> State {
        self.grant = grant;
        self.failures = 0;
        self.cool_down = CoolDown::default();
        let plan = token.and_then(|token| {
            let renewal = &self.policy.renewal;
            renewal.schedule(step.now, token.lifetime, token.renew_after, step.jitter)
        });
        if let Some(plan) = plan {
            return self.fresh(step.now, plan, step);
        }
        if !matches!(state, State::Vacant) {
            step.withdraw(Why::Changed, None);
        }
        State::Vacant
    }

    /// A usable token, and what comes after it.
    fn fresh(&mut self, issued_at: Instant, plan: Schedule, step: &mut Step) -> State {
        self.failures = 0;
        self.generation = self.generation.next();
        let token = Token {
            generation: self.generation,
            issued_at,
            expires_at: plan.expires_at,
            usable_until: plan.usable_until,
        };
        step.effects.push(Effect::Publish {
            generation: token.generation,
            usable_until: token.usable_until,
        });
        let next = if self.grant.spent()
            || self.grant.outcome_unknown() && !self.policy.last_chance.allowed
        {
            Next::Person { probe_at: None }
        } else if self.grant.outcome_unknown() {
            Next::At(self.last_chance_at(&token, step))
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

    /// When a grant of unknown fate is put at risk: as late as the token allows.
    fn last_chance_at(&self, token: &Token, step: &Step) -> Instant {
        let lead = self.policy.last_chance.lead;
        token
            .usable_until
            .checked_sub(lead)
            .unwrap_or(step.now)
            .max(step.now)
    }

    /// Acquiring => BackingOff | Rejected; Renewing => Fresh, unless the carrier refused both the
    /// token and the grant: such as after a change of the password, the token is then worth nothing.
    fn failed(
        &mut self,
        reason: Reason,
        token: Option<Token>,
        failure: Failure,
        step: &mut Step,
    ) -> State {
        self.failures = self.failures.saturating_add(1);
        let failure = self.in_view_of_the_grant(failure);
        let next = self.after(&failure, token.as_ref(), step);
        let refused = reason == Reason::Unauthorized
            && failure.class == FailureClass::Interaction
            && self.grant.spent();
        match token.filter(|_| !refused) {
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
    pub(super) fn without_token(&self, why: Why, next: Next, step: &mut Step) -> State {
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
                Next::At(soonest.max(self.last_chance_at(token, step)))
            }
            Some(_) | None => Next::At(soonest),
        }
    }

    /// Begins an acquisition, if the grant allows one.
    pub(super) fn start(&mut self, token: Option<Token>, reason: Reason, step: &mut Step) -> State {
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
}

/// The carrier issued a token that nothing can be done with.
fn dead_on_arrival() -> Failure {
    Failure::new(
        FailureClass::Protocol,
        "expired_on_arrival",
        "the carrier's token had no lifetime left when it arrived; check the answer's \
         expires_in, and how long the token endpoint takes",
    )
}

/// A single-use grant that must not be presented any more.
fn login_needed(grant: &Grant) -> Failure {
    let message = if grant.outcome_unknown() {
        "it is not known whether the carrier used up the refresh token, and presenting it again is \
         switched off; sign in at the carrier again"
    } else {
        "nobody has signed in at the carrier yet, or the refresh token is used up: sign in again"
    };
    Failure::new(FailureClass::Interaction, "login_needed", message)
}
