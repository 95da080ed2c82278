//! Flights: how they begin, and what their outcome makes of a lifecycle.

use super::{Lifecycle, Step};
use crate::{
    AbsenceReason, AdoptedToken, Effect, Flight, FlightCurrency, FlightId, FlightPhase, Grant,
    GrantFate, GrantUpdate, LifecycleState, NextAttempt, PublishedToken, RequestCause, Schedule,
    cool_down::CoolDown, grant::PresentationRule,
};
use gateway_model::{Failure, FailureClass};
use std::time::{Duration, Instant};

/// How an acquisition ended.
pub(super) enum FlightOutcome {
    Issued {
        lifetime: Option<Duration>,
        renew_after: Option<Duration>,
        news: GrantUpdate,
    },
    Failed {
        failure: Failure,
        fate: GrantFate,
    },
}

impl Lifecycle {
    /// Acquiring | Renewing => what the outcome makes of it. The outcome of an unknown flight changes
    /// nothing.
    pub(super) fn landed(
        &mut self,
        state: LifecycleState,
        id: FlightId,
        landing: FlightOutcome,
        step: &mut Step,
    ) -> LifecycleState {
        let (flight, token) = match state {
            LifecycleState::Acquiring { flight } if flight.id == id => (flight, None),
            LifecycleState::Renewing { token, flight } if flight.id == id => (flight, Some(token)),
            state @ (LifecycleState::Vacant
            | LifecycleState::Acquiring { .. }
            | LifecycleState::Fresh { .. }
            | LifecycleState::Renewing { .. }
            | LifecycleState::BackingOff { .. }
            | LifecycleState::Rejected { .. }) => return state,
        };
        // The grant first, even for a stale flight: a rotated refresh token replaces the old one whatever
        // else changed. A failure before the request was sent leaves the grant alone.
        if flight.phase == FlightPhase::Requesting {
            match &landing {
                FlightOutcome::Issued { news, .. } => {
                    self.grant
                        .issued(step.now, *news, self.policy.keep_alive_fraction);
                }
                FlightOutcome::Failed { fate, .. } => self.grant.failed(*fate),
            }
        }
        match landing {
            _ if flight.currency == FlightCurrency::Stale => {
                self.start(None, RequestCause::Changed, step)
            }
            FlightOutcome::Issued {
                lifetime,
                renew_after,
                ..
            } => self.issued(flight, token, lifetime, renew_after, step),
            FlightOutcome::Failed { failure, .. } => {
                self.failed(flight.reason, token, failure, step)
            }
        }
    }

    /// Acquiring | Renewing stay, and the request that waited for the intent is sent.
    pub(super) fn intent_recorded(
        &mut self,
        state: LifecycleState,
        id: FlightId,
        step: &mut Step,
    ) -> LifecycleState {
        let recorded = state
            .flight()
            .copied()
            .filter(|flight| flight.id == id && flight.phase == FlightPhase::Recording);
        let Some(flight) = recorded else { return state };
        // The intent names old credentials: start again, and the shell takes the intent back.
        if flight.currency == FlightCurrency::Stale {
            return self.start(None, RequestCause::Changed, step);
        }
        self.grant.presented();
        let flight = Flight {
            phase: FlightPhase::Requesting,
            // Lifetimes count from the request, not from the intent.
            started: step.now,
            ..flight
        };
        step.effects.push(Effect::RequestToken {
            flight: id,
            reason: flight.reason,
        });
        match state.token() {
            Some(&token) => LifecycleState::Renewing { token, flight },
            None => LifecycleState::Acquiring { flight },
        }
    }

    /// Acquiring | Renewing => Fresh
    fn issued(
        &mut self,
        flight: Flight,
        old: Option<PublishedToken>,
        lifetime: Option<Duration>,
        renew_after: Option<Duration>,
        step: &mut Step,
    ) -> LifecycleState {
        let plan = self
            .policy
            .renewal
            .schedule(flight.started, lifetime, renew_after, step.jitter)
            // The call may have taken longer than the token lives.
            .filter(|plan| step.now < plan.usable_until);
        let Some(plan) = plan else {
            return self.failed(flight.reason, old, dead_on_arrival(), step);
        };
        self.fresh(flight.started, plan, step)
    }

    /// Any state => Fresh with the adopted token, or Vacant.
    pub(super) fn adopted(
        &mut self,
        state: &LifecycleState,
        grant: Grant,
        token: Option<AdoptedToken>,
        step: &mut Step,
    ) -> LifecycleState {
        self.grant = grant;
        self.failures = 0;
        let standby = token.and_then(|token| token.standby);
        if standby.is_none() {
            // A login or a restart begins anew. A token that another gateway renewed because of a 401 does
            // not: the carrier may refuse that one too.
            self.cool_down = CoolDown::default();
        }
        let renewal = self.policy.renewal;
        let plan = token.and_then(|token| {
            renewal.schedule(step.now, token.lifetime, token.renew_after, step.jitter)
        });
        if let Some(plan) = plan {
            let state = self.fresh(step.now, plan, step);
            return match standby {
                Some(patience) => self.stand_by(state, patience, step),
                None => state,
            };
        }
        // A vacant slot never published a token, so there is nothing to withdraw.
        if !matches!(state, LifecycleState::Vacant) {
            step.withdraw(AbsenceReason::Changed, None);
        }
        LifecycleState::Vacant
    }

    /// Fresh stays, with a later renewal: the gateway that renews the token comes first, even if it drew the
    /// latest instant of the range.
    fn stand_by(
        &mut self,
        state: LifecycleState,
        patience: Duration,
        step: &Step,
    ) -> LifecycleState {
        match state {
            LifecycleState::Fresh {
                token,
                next: NextAttempt::At(own),
                last_failure,
            } => {
                self.own_renewal = Some(own);
                let renewal = &self.policy.renewal;
                let life = token.expires_at.saturating_duration_since(step.now);
                let range = life.mul_f64(2.0 * renewal.fraction * renewal.spread);
                // At random, so that not all gateways on standby try at once.
                let later = own + range + patience.mul_f64(1.0 + step.jitter.unit());
                LifecycleState::Fresh {
                    token,
                    next: NextAttempt::At(later.min(token.usable_until)),
                    last_failure,
                }
            }
            state @ (LifecycleState::Vacant
            | LifecycleState::Acquiring { .. }
            | LifecycleState::Fresh { .. }
            | LifecycleState::Renewing { .. }
            | LifecycleState::BackingOff { .. }
            | LifecycleState::Rejected { .. }) => state,
        }
    }

    /// Publishes a token and plans the next attempt.
    fn fresh(&mut self, issued_at: Instant, plan: Schedule, step: &mut Step) -> LifecycleState {
        self.failures = 0;
        self.own_renewal = None;
        // Adopted tokens count too: a 401 about a token of before must not look current.
        self.generation = self.generation.next();
        let token = PublishedToken {
            generation: self.generation,
            issued_at,
            expires_at: plan.expires_at,
            usable_until: plan.usable_until,
        };
        step.effects.push(Effect::Publish {
            generation: token.generation,
            usable_until: token.usable_until,
        });
        // A token without a usable grant is the last one: only a person can bring another.
        let next = if self.grant.spent()
            || self.grant.outcome_unknown() && !self.policy.last_chance.allowed
        {
            NextAttempt::Person { probe_at: None }
        } else if self.grant.outcome_unknown() {
            NextAttempt::At(self.last_chance_at(&token, step))
        } else {
            // A keep-alive that is overdue still leaves the pause between two renewals.
            let keep_alive_at = self.grant.keep_alive_at().unwrap_or(plan.renew_at);
            NextAttempt::At(
                plan.renew_at
                    .min(keep_alive_at.max(step.now + self.policy.renewal.min_interval)),
            )
        };
        LifecycleState::Fresh {
            token,
            next,
            last_failure: None,
        }
    }

    /// When to risk a grant of unknown fate: as late as the token allows.
    fn last_chance_at(&self, token: &PublishedToken, step: &Step) -> Instant {
        let lead = self.policy.last_chance.lead;
        // The token may live for less than the lead.
        token
            .usable_until
            .checked_sub(lead)
            .unwrap_or(step.now)
            .max(step.now)
    }

    /// Acquiring => BackingOff | Rejected; Renewing => Fresh, unless the carrier refused both the token
    /// and the grant. After a password change, for example, the token is worthless then.
    fn failed(
        &mut self,
        reason: RequestCause,
        token: Option<PublishedToken>,
        failure: Failure,
        step: &mut Step,
    ) -> LifecycleState {
        // Before the wait is computed: the first failure already counts.
        self.failures = self.failures.saturating_add(1);
        let failure = self.in_view_of_the_grant(failure);
        let next = self.after(&failure, token.as_ref(), step);
        let refused = reason == RequestCause::Unauthorized
            && failure.class == FailureClass::Interaction
            && self.grant.spent();
        match token.filter(|_| !refused) {
            Some(token) => LifecycleState::Fresh {
                token,
                next,
                last_failure: Some(failure),
            },
            None => self.without_token(AbsenceReason::Failed(failure), next, step),
        }
    }

    /// A temporary failure that cost the grant needs a person, and its message says so.
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

    /// Withdraws the token, and says until when.
    pub(super) fn without_token(
        &self,
        why: AbsenceReason,
        next: NextAttempt,
        step: &mut Step,
    ) -> LifecycleState {
        match next {
            NextAttempt::At(until) => {
                step.withdraw(why.clone(), Some(until));
                LifecycleState::BackingOff { until, why }
            }
            NextAttempt::Person { probe_at } => {
                let failure = match why {
                    AbsenceReason::Failed(failure) => failure,
                    AbsenceReason::Expired | AbsenceReason::Changed => login_needed(&self.grant),
                };
                step.withdraw(AbsenceReason::Failed(failure.clone()), probe_at);
                LifecycleState::Rejected { failure, probe_at }
            }
        }
    }

    /// The next attempt after a failure.
    fn after(&self, failure: &Failure, token: Option<&PublishedToken>, step: &Step) -> NextAttempt {
        let backoff = &self.policy.backoff;
        let wait = |backoff: crate::Backoff| {
            let asked = failure.retry_after.map_or(Duration::ZERO, |asked| {
                self.policy.backoff.retry_after.wait(asked, step.jitter)
            });
            // The longer of the two: `Retry-After` is a minimum and not an invitation.
            backoff.wait(self.failures, step.jitter).max(asked)
        };
        let wait = match failure.class {
            FailureClass::Transient => wait(backoff.transient),
            FailureClass::Protocol => wait(backoff.protocol),
            FailureClass::Bug => wait(backoff.bug),
            // The carrier may accept them again later, so a demand may ask from then on.
            FailureClass::Rejected => {
                return NextAttempt::Person {
                    probe_at: Some(step.now + backoff.probe_every),
                };
            }
            // Waiting changes nothing here.
            FailureClass::Config | FailureClass::Interaction => {
                return NextAttempt::Person { probe_at: None };
            }
        };
        let soonest = step.now + wait;
        match token {
            // Use the token as long as possible before risking the grant.
            Some(token) if self.grant.outcome_unknown() => {
                NextAttempt::At(soonest.max(self.last_chance_at(token, step)))
            }
            Some(_) | None => NextAttempt::At(soonest),
        }
    }

    /// Begins an acquisition, if the grant allows one.
    pub(super) fn start(
        &mut self,
        token: Option<PublishedToken>,
        reason: RequestCause,
        step: &mut Step,
    ) -> LifecycleState {
        let (phase, reason) = match self
            .grant
            .presentation_rule(self.policy.last_chance.allowed)
        {
            PresentationRule::Free => (FlightPhase::Requesting, reason),
            PresentationRule::AfterIntent { last_chance: false } => {
                (FlightPhase::Recording, reason)
            }
            PresentationRule::AfterIntent { last_chance: true } => {
                (FlightPhase::Recording, RequestCause::LastChance)
            }
            PresentationRule::Refused => {
                let next = NextAttempt::Person { probe_at: None };
                let failure = login_needed(&self.grant);
                return match token {
                    Some(token) => LifecycleState::Fresh {
                        token,
                        next,
                        last_failure: Some(failure),
                    },
                    None => self.without_token(AbsenceReason::Failed(failure), next, step),
                };
            }
        };
        // A new number for each flight: a late answer of an earlier one is recognised by it.
        self.flights += 1;
        let flight = Flight {
            id: FlightId(self.flights),
            phase,
            started: step.now,
            reason,
            currency: FlightCurrency::Current,
        };
        step.effects.push(match phase {
            FlightPhase::Recording => Effect::RecordIntent {
                flight: flight.id,
                reason,
            },
            FlightPhase::Requesting => Effect::RequestToken {
                flight: flight.id,
                reason,
            },
        });
        match token {
            Some(token) => LifecycleState::Renewing { token, flight },
            None => LifecycleState::Acquiring { flight },
        }
    }
}

/// The carrier issued a token that had expired when it arrived.
fn dead_on_arrival() -> Failure {
    Failure::new(
        FailureClass::Protocol,
        "expired_on_arrival",
        "the carrier's token had no lifetime left when it arrived; check the answer's \
         expires_in, and how long the token endpoint takes",
    )
}

/// The failure of a single-use grant that must not be presented again.
fn login_needed(grant: &Grant) -> Failure {
    let message = if grant.outcome_unknown() {
        "it is not known whether the carrier used up the refresh token, and presenting it again is \
         switched off; sign in at the carrier again"
    } else {
        "nobody has signed in at the carrier yet, or the refresh token is used up: sign in again"
    };
    Failure::new(FailureClass::Interaction, "login_needed", message)
}
