//! Asking the broker: for a token, for a renewal, for the state of things.

use crate::{
    AccountStatus, BrokerMetrics,
    context::BrokerContext,
    describe::describe,
    driver,
    publication::usable,
    slot::{Slot, SlotState},
    unavailable,
};
use gateway_model::{AccountId, Demanded, FailureClass, Generation, Unavailable};
use gateway_token::{Event, LifecycleState};
use std::{
    collections::BTreeSet,
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::{oneshot, watch};

/// Asks the broker, from any thread and any runtime.
#[derive(Clone)]
pub struct Handle {
    context: Arc<BrokerContext>,
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Handle")
    }
}

/// What a reported 401 led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RenewalOutcome {
    /// The cell holds a newer token than the refused one: replay the request with it.
    Renewed,
    /// A renewal a short while ago did not help, so none was started: pass the 401 on.
    CoolingDown {
        /// A 401 starts no renewal before this instant.
        until: Instant,
    },
}

/// A flight that was joined.
type Joined = (Arc<Slot>, oneshot::Receiver<Demanded<()>>);

/// What a reported 401 began.
enum Begun {
    /// Nothing, because this is known.
    Decided(RenewalOutcome),
    Joined(Joined),
}

impl Handle {
    pub(crate) const fn new(context: Arc<BrokerContext>) -> Self {
        Self { context }
    }

    /// Waits until the account's cell holds a usable token. Starts a token request if none is under
    /// way, joins the one that is, and gives up at `deadline`.
    ///
    /// # Errors
    /// With the reason and what to do next, when there is no token; at once where waiting would not
    /// help.
    pub async fn acquire(&self, account: &AccountId, deadline: Instant) -> Result<(), Unavailable> {
        self.demand(account, deadline).await.result
    }

    /// As [`acquire`](Self::acquire), and tells which token request was waited for.
    pub async fn demand(&self, account: &AccountId, deadline: Instant) -> Demanded<()> {
        let (slot, answer) = match self.begin_demand(account) {
            Ok(Some(begun)) => begun,
            Ok(None) => return Ok(()).into(),
            Err(why) => return Err(why).into(),
        };
        self.counted(self.wait(&slot, answer, deadline).await)
    }

    /// Joins a flight, if there is no usable token.
    fn begin_demand(&self, account: &AccountId) -> Result<Option<Joined>, Unavailable> {
        let slot = self.slot(account)?;
        let answer = {
            // Lock even to look: a publication is two writes under this lock. Seeing the value before
            // its version would send the caller back to a copy that seems current.
            let mut state = slot.lock();
            if usable(&slot.cell, self.context.clock.now()).is_ok() {
                slot.served.up();
                self.context.metrics.served.up();
                return Ok(None);
            }
            // Read before the event, which may start a flight: only others' flights are joined.
            let was_in_flight = state.in_flight();
            driver::feed(&self.context, &slot, &mut state, Event::Demanded);
            // No flight although one was demanded: waiting would not help, so answer at once.
            if !state.in_flight() {
                let absent = usable(&slot.cell, self.context.clock.now());
                drop(state);
                return self.counted(absent.into()).result.map(|()| None);
            }
            if was_in_flight {
                slot.joined.up();
                self.context.metrics.joined.up();
            }
            self.join(&slot, &mut state, Generation::NONE)?
        };
        Ok(Some((slot, answer)))
    }

    /// Reports that the carrier answered 401 to a request that carried `generation`, and waits for
    /// the renewal that follows, if one does.
    ///
    /// One renewal starts, however many callers report the same generation.
    ///
    /// # Errors
    /// When there is no newer token; the caller passes the carrier's 401 on.
    pub async fn unauthorized(
        &self,
        account: &AccountId,
        generation: Generation,
        deadline: Instant,
    ) -> Result<RenewalOutcome, Unavailable> {
        let demanded = self.demand_newer(account, generation, deadline);
        demanded.await.result
    }

    /// As [`unauthorized`](Self::unauthorized), and tells which token request was waited for.
    pub async fn demand_newer(
        &self,
        account: &AccountId,
        generation: Generation,
        deadline: Instant,
    ) -> Demanded<RenewalOutcome> {
        let (slot, answer) = match self.begin_renewal(account, generation) {
            Ok(Begun::Joined(joined)) => joined,
            Ok(Begun::Decided(outcome)) => return Ok(outcome).into(),
            Err(why) => return Err(why).into(),
        };
        let demanded = self.counted(self.wait(&slot, answer, deadline).await);
        demanded.map(|()| RenewalOutcome::Renewed)
    }

    /// Joins the flight for a token that is newer than a refused one, if there is any.
    fn begin_renewal(
        &self,
        account: &AccountId,
        generation: Generation,
    ) -> Result<Begun, Unavailable> {
        let slot = self.slot(account)?;
        self.context.metrics.unauthorized.up();
        let answer = {
            let mut state = slot.lock();
            driver::feed(
                &self.context,
                &slot,
                &mut state,
                Event::Unauthorized { generation },
            );
            // Another caller's renewal may have come first: the refused token is outdated already.
            let now = self.context.clock.now();
            if state.lifecycle().generation() > generation && usable(&slot.cell, now).is_ok() {
                return Ok(Begun::Decided(RenewalOutcome::Renewed));
            }
            if !state.in_flight() {
                if let Some(until) = state.lifecycle().cooling_down_until(now) {
                    self.context.metrics.cooled_down.up();
                    return Ok(Begun::Decided(RenewalOutcome::CoolingDown { until }));
                }
                // No token and no cool-down: the reason in the cell says it best.
                usable(&slot.cell, now)?;
                return Err(unavailable::not_renewed(
                    slot.cell.account(),
                    state.last_result.as_ref(),
                ));
            }
            self.join(&slot, &mut state, generation)?
        };
        Ok(Begun::Joined((slot, answer)))
    }

    /// Asks for a first token without waiting for it, so that the first request finds one. Does
    /// nothing for an account that is unknown or has one.
    pub fn warm(&self, account: &AccountId) {
        if let Some(slot) = self.context.slot(account) {
            driver::feed(&self.context, &slot, &mut slot.lock(), Event::Demanded);
        }
    }

    /// Requests a token at once if the last attempt failed by the gateway's own side (its plugin or its
    /// configuration), because an operator has mended that. Other accounts are left alone.
    pub fn retry_after_repair(&self, account: &AccountId) {
        let Some(slot) = self.context.slot(account) else {
            return;
        };
        let mut state = slot.lock();
        let failure = state.lifecycle().state().failure();
        let mended = failure.is_some_and(|failure| match failure.class {
            FailureClass::Config | FailureClass::Bug => true,
            // What the carrier said does not change with a plugin.
            FailureClass::Transient
            | FailureClass::Protocol
            | FailureClass::Rejected
            | FailureClass::Interaction => false,
        });
        if mended {
            driver::feed(&self.context, &slot, &mut state, Event::OperatorAsked);
        }
    }

    /// Has a new token requested now, because an operator wants one; waits as
    /// [`acquire`](Self::acquire) does.
    ///
    /// # Errors
    /// When none was issued.
    pub async fn renew(&self, account: &AccountId, deadline: Instant) -> Result<(), Unavailable> {
        let slot = self.slot(account)?;
        let answer = {
            let mut state = slot.lock();
            // Remembered before the event: only a token that is newer than this one was renewed.
            let generation = state.lifecycle().generation();
            driver::feed(&self.context, &slot, &mut state, Event::OperatorAsked);
            if !state.in_flight() {
                usable(&slot.cell, self.context.clock.now())?;
                return Err(unavailable::not_renewed(
                    slot.cell.account(),
                    state.last_result.as_ref(),
                ));
            }
            self.join(&slot, &mut state, generation)
        };
        self.wait(&slot, answer?, deadline).await.result
    }

    /// One account, for an operator.
    pub fn status(&self, account: &AccountId) -> Option<AccountStatus> {
        self.context
            .slot(account)
            .map(|slot| describe(&self.context, &slot))
    }

    /// All accounts, ordered by name.
    pub fn list(&self) -> Vec<AccountStatus> {
        self.context
            .slots()
            .iter()
            .map(|slot| describe(&self.context, slot))
            .collect()
    }

    /// The accounts of which it is not known whether the carrier still accepts the sign-in.
    pub fn in_doubt(&self) -> BTreeSet<AccountId> {
        self.context.in_doubt()
    }

    /// How many accounts can serve a request at this instant.
    pub fn usable(&self) -> usize {
        let now = self.context.clock.now();
        let slots = self.context.slots();
        let usable = slots.iter().filter(|slot| usable(&slot.cell, now).is_ok());
        usable.count()
    }

    /// Changes when a token request fails in a way that waiting does not cure, and when one succeeds
    /// after failures: then what people are told of an account may have to change.
    pub fn notable_outcomes(&self) -> watch::Receiver<u64> {
        self.context.notable_outcomes.subscribe()
    }

    /// The broker's counters.
    pub fn metrics(&self) -> BrokerMetrics {
        let mut metrics = self.context.metrics.snapshot();
        let now = self.context.clock.now();
        // Counted here and not kept as gauges: expiry changes them without an event.
        for slot in self.context.slots() {
            metrics.accounts += 1;
            metrics.usable += u64::from(usable(&slot.cell, now).is_ok());
            let rejected = matches!(
                slot.lock().lifecycle().state(),
                LifecycleState::Rejected { .. }
            );
            metrics.rejected += u64::from(rejected);
        }
        metrics
    }

    fn slot(&self, account: &AccountId) -> Result<Arc<Slot>, Unavailable> {
        let slot = self.context.slot(account);
        slot.ok_or_else(|| unavailable::unknown_account(account))
    }

    fn counted(&self, demanded: Demanded<()>) -> Demanded<()> {
        if demanded.result.is_err() {
            self.context.metrics.turned_away.up();
        }
        demanded
    }

    fn join(
        &self,
        slot: &Slot,
        state: &mut SlotState,
        newer_than: Generation,
    ) -> Result<oneshot::Receiver<Demanded<()>>, Unavailable> {
        // A retired slot never ends a flight, so nothing would ever answer this caller.
        if state.retired {
            return Err(unavailable::unknown_account(slot.cell.account()));
        }
        let limit = self.context.config().waiters_per_account;
        // Bounded, or a slow carrier would let every request of an app pile up here.
        state.waiters.join(newer_than, limit).ok_or_else(|| {
            self.context.metrics.turned_away.up();
            self.pending(slot, "too many requests wait for it already")
        })
    }

    async fn wait(
        &self,
        slot: &Slot,
        answer: oneshot::Receiver<Demanded<()>>,
        deadline: Instant,
    ) -> Demanded<()> {
        // The flight goes on after a caller gave up: its token serves the next one.
        let patience = deadline.saturating_duration_since(self.context.clock.now());
        match tokio::time::timeout(patience, answer).await {
            Ok(Ok(demanded)) => demanded,
            Ok(Err(_dropped)) => Err(self.pending(slot, "the gateway is shutting down")).into(),
            Err(_elapsed) => Demanded {
                result: Err(self.pending(slot, "its token request takes long")),
                token_request: slot.lock().flown,
            },
        }
    }

    fn pending(&self, slot: &Slot, why: &str) -> Unavailable {
        // A second, so that a client that obeys does not come back at once.
        let retry_at = self.context.clock.now().checked_add(Duration::from_secs(1));
        unavailable::pending(slot.cell.account(), why, retry_at)
    }
}
