//! Asking the broker.

use crate::{
    AccountStatus, BrokerMetrics, adoption,
    broker::{Shared, published},
    driver,
    single_flight::Landing,
    slot::{Slot, Work},
    snapshot,
};
use gateway_model::{AccountId, CredentialState, Generation, Unavailable, UnavailableReason};
use gateway_store::Timestamp;
use gateway_token::{Event, State};
use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};
use tokio::sync::{oneshot, watch};

/// Asks the broker, from any thread and any runtime.
#[derive(Clone)]
pub struct Handle {
    shared: Arc<Shared>,
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Handle")
    }
}

/// What a 401 led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Renewal {
    /// The cell holds a newer token than the refused one: replay the request with it.
    Renewed,
    /// A new token was tried a short while ago and did not help: pass the 401 on.
    CoolingDown {
        /// Until when no 401 starts a renewal.
        until: Instant,
    },
}

impl Handle {
    pub(crate) const fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// Waits until the account's cell holds a usable token. Starts a token request if none is under
    /// way, joins the one that is, and gives up at `deadline`.
    ///
    /// # Errors
    /// With the reason and what to do next, when no token is to be had: at once where waiting would
    /// not help.
    pub async fn acquire(&self, account: &AccountId, deadline: Instant) -> Result<(), Unavailable> {
        let slot = self.slot(account)?;
        let landing = {
            // Even to look: a publication is two writes, under this lock. Whoever saw the value
            // before its version would send the caller back to a copy that seems current.
            let mut work = slot.lock();
            if published(&slot.cell, self.shared.clock.now()).is_ok() {
                slot.served.up();
                self.shared.metrics.served.up();
                return Ok(());
            }
            let was_in_flight = work.lifecycle.state().flight().is_some();
            driver::event(&self.shared, &slot, &mut work, Event::Demanded);
            if work.lifecycle.state().flight().is_none() {
                let absent = published(&slot.cell, self.shared.clock.now());
                drop(work);
                return self.counted(absent);
            }
            if was_in_flight {
                slot.joined.up();
                self.shared.metrics.joined.up();
            }
            self.join(&slot, &mut work, Generation::NONE)
        };
        self.counted(self.wait(&slot, landing?, deadline).await)
    }

    /// Reports that the carrier answered 401 to a request that carried `generation`, and waits for
    /// the renewal that follows, if one does.
    ///
    /// However many report the same generation, one renewal starts.
    ///
    /// # Errors
    /// When no newer token is to be had; the caller passes the carrier's 401 on.
    pub async fn unauthorized(
        &self,
        account: &AccountId,
        generation: Generation,
        deadline: Instant,
    ) -> Result<Renewal, Unavailable> {
        let slot = self.slot(account)?;
        self.shared.metrics.unauthorized.up();
        let landing = {
            let mut work = slot.lock();
            driver::event(
                &self.shared,
                &slot,
                &mut work,
                Event::Unauthorized { generation },
            );
            let now = self.shared.clock.now();
            if work.lifecycle.generation() > generation && published(&slot.cell, now).is_ok() {
                return Ok(Renewal::Renewed);
            }
            if work.lifecycle.state().flight().is_none() {
                if let Some(until) = work.lifecycle.cooling_down_until(now) {
                    self.shared.metrics.cooled_down.up();
                    return Ok(Renewal::CoolingDown { until });
                }
                published(&slot.cell, now)?;
                return Err(driver::not_renewed(&slot, work.last_result.as_ref()));
            }
            self.join(&slot, &mut work, generation)
        };
        self.counted(self.wait(&slot, landing?, deadline).await)?;
        Ok(Renewal::Renewed)
    }

    /// Asks for a first token without waiting for it, so that the first request finds one. Does
    /// nothing for an account that is unknown or has one.
    pub fn warm(&self, account: &AccountId) {
        if let Some(slot) = self.shared.slot(account) {
            driver::event(&self.shared, &slot, &mut slot.lock(), Event::Demanded);
        }
    }

    /// Has a new token requested now, because an operator wants one; waits as
    /// [`acquire`](Self::acquire) does.
    ///
    /// # Errors
    /// When none was issued.
    pub async fn renew(&self, account: &AccountId, deadline: Instant) -> Result<(), Unavailable> {
        let slot = self.slot(account)?;
        let landing = {
            let mut work = slot.lock();
            let generation = work.lifecycle.generation();
            driver::event(&self.shared, &slot, &mut work, Event::OperatorAsked);
            if work.lifecycle.state().flight().is_none() {
                published(&slot.cell, self.shared.clock.now())?;
                return Err(driver::not_renewed(&slot, work.last_result.as_ref()));
            }
            self.join(&slot, &mut work, generation)
        };
        self.wait(&slot, landing?, deadline).await
    }

    /// One account, for an operator.
    pub fn status(&self, account: &AccountId) -> Option<AccountStatus> {
        self.shared.slot(account).map(|slot| self.describe(&slot))
    }

    /// All accounts, ordered by name.
    pub fn list(&self) -> Vec<AccountStatus> {
        self.shared
            .slots()
            .iter()
            .map(|slot| self.describe(slot))
            .collect()
    }

    /// Changes when a token request failed in a way that waiting does not cure, and when one
    /// succeeded after failures: what people are told of an account may be another thing now.
    pub fn turns(&self) -> watch::Receiver<u64> {
        self.shared.turns.subscribe()
    }

    /// The broker's counters.
    pub fn metrics(&self) -> BrokerMetrics {
        let mut metrics = self.shared.metrics.snapshot();
        let now = self.shared.clock.now();
        for slot in self.shared.slots() {
            metrics.accounts += 1;
            metrics.usable += u64::from(published(&slot.cell, now).is_ok());
            let rejected = matches!(slot.lock().lifecycle.state(), State::Rejected { .. });
            metrics.rejected += u64::from(rejected);
        }
        metrics
    }

    fn slot(&self, account: &AccountId) -> Result<Arc<Slot>, Unavailable> {
        let slot = self.shared.slot(account);
        slot.ok_or_else(|| Shared::unknown(account))
    }

    fn counted(&self, landing: Landing) -> Landing {
        if landing.is_err() {
            self.shared.metrics.turned_away.up();
        }
        landing
    }

    fn join(
        &self,
        slot: &Slot,
        work: &mut Work,
        newer_than: Generation,
    ) -> Result<oneshot::Receiver<Landing>, Unavailable> {
        if work.retired {
            return Err(Shared::unknown(slot.cell.account()));
        }
        let limit = self.shared.config.waiters_per_account;
        work.waiters.join(newer_than, limit).ok_or_else(|| {
            self.shared.metrics.turned_away.up();
            self.pending(slot, "too many requests wait for it already")
        })
    }

    async fn wait(
        &self,
        slot: &Slot,
        landing: oneshot::Receiver<Landing>,
        deadline: Instant,
    ) -> Landing {
        let patience = deadline.saturating_duration_since(self.shared.clock.now());
        match tokio::time::timeout(patience, landing).await {
            Ok(Ok(landing)) => landing,
            Ok(Err(_dropped)) => Err(self.pending(slot, "the gateway is shutting down")),
            Err(_elapsed) => Err(self.pending(slot, "its token request takes long")),
        }
    }

    fn pending(&self, slot: &Slot, why: &str) -> Unavailable {
        Unavailable {
            reason: UnavailableReason::Pending,
            message: format!(
                "no token for account {} yet: {why}; try again",
                slot.cell.account()
            ),
            retry_at: self.shared.clock.now().checked_add(Duration::from_secs(1)),
        }
    }

    fn describe(&self, slot: &Slot) -> AccountStatus {
        let (now, wall) = (self.shared.clock.now(), self.shared.clock.wall());
        let wall_at = |at: Instant| wall_at(at, now, wall);
        let mut work = slot.lock();
        let fingerprint = match &*slot.cell.load().1 {
            CredentialState::Usable(credential) => {
                let headers = &credential.headers;
                let looked = || snapshot::fingerprint(headers);
                Some(*work.fingerprint.get_or_insert_with(looked))
            }
            CredentialState::Absent(_) => None,
        };
        let state = work.lifecycle.state();
        let token = state.token();
        let next = match state {
            State::Fresh { next, .. } => next.at(),
            State::BackingOff { until, .. } => Some(*until),
            State::Rejected { probe_at, .. } => *probe_at,
            State::Vacant | State::Acquiring { .. } | State::Renewing { .. } => None,
        };
        let published_now = published(&slot.cell, now);
        AccountStatus {
            account: work.spec.account.clone(),
            carrier: work.spec.carrier.clone(),
            environment: work.spec.environment,
            client_id: work.spec.client_id.clone(),
            state: state.as_str(),
            usable: published_now.is_ok(),
            unavailable: published_now.err(),
            generation: work.lifecycle.generation(),
            fingerprint,
            issued_at: token.and_then(|token| wall_at(token.issued_at)),
            expires_at: token.and_then(|token| wall_at(token.expires_at)),
            grant: adoption::status(work.lifecycle.grant()),
            grant_ends_at: work.grant_ends.map(Timestamp::to_system_time),
            facts: work.facts.clone(),
            next_attempt_at: next.and_then(wall_at),
            cooling_down_until: work.lifecycle.cooling_down_until(now).and_then(wall_at),
            last_result: work.last_result.clone(),
            failures: work.lifecycle.failures(),
            minted: work.minted,
            joined: slot.joined.value(),
            served: slot.served.value(),
            waiting: work.waiters.len(),
        }
    }
}

/// The wall time of an instant, by the two clocks' present distance.
fn wall_at(at: Instant, now: Instant, wall: SystemTime) -> Option<SystemTime> {
    match at.checked_duration_since(now) {
        Some(ahead) => wall.checked_add(ahead),
        None => wall.checked_sub(now.saturating_duration_since(at)),
    }
}
