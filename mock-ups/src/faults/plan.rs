//! The faults in force, and the draw for a call.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::api::Environment;
use crate::oauth_state::issuer::Issuer;

use super::{Action, Fault};

/// Faults in force at most.
// Every call walks the list under its lock, and more are surely a leak in a test.
const CAPACITY: usize = 256;

/// The faults in force, in the order they were added.
#[derive(Debug, Default)]
pub(crate) struct FaultPlan {
    /// How many there are: a call without faults looks at nothing else.
    count: AtomicUsize,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    last_id: u64,
    faults: Vec<Active>,
}

#[derive(Debug)]
struct Active {
    id: u64,
    label: Arc<str>,
    fault: Fault,
    added_at_ms: i64,
    matched: u64,
    hits: u64,
}

/// A fault and its counts, for people.
#[derive(Debug, Clone)]
pub(crate) struct FaultSummary {
    pub(crate) id: u64,
    pub(crate) fault: Fault,
    pub(crate) label: Arc<str>,
    pub(crate) matched: u64,
    pub(crate) hits: u64,
}

/// A call as faults see it.
pub(crate) struct Target<'a> {
    pub(crate) path: &'a str,
    pub(crate) query: Option<&'a str>,
    pub(crate) environment: Environment,
    pub(crate) client_id: Option<&'a str>,
    pub(crate) now_ms: i64,
}

/// What happens to a call.
#[derive(Debug, Default)]
pub(crate) struct FaultEffect {
    pub(crate) label: Option<Arc<str>>,
    pub(crate) delay: Duration,
    /// Everything but delays.
    pub(crate) action: Option<Action>,
    pub(crate) carry_out: bool,
}

impl FaultPlan {
    /// Whether there is any fault at all.
    pub(crate) fn is_active(&self) -> bool {
        // Relaxed: a fault that is added during a call may miss that call.
        self.count.load(Ordering::Relaxed) > 0
    }

    /// Adds a fault; gives its id, or what is wrong with it.
    pub(crate) fn add(&self, fault: Fault, now_ms: i64) -> Result<u64, String> {
        // Refused now, while the person who wrote the fault is looking.
        if let Some(problem) = fault.play.problem() {
            return Err(problem);
        }
        if !(0.0..=1.0).contains(&fault.probability) {
            return Err("probability: from 0 to 1".to_owned());
        }
        let mut inner = self.lock();
        if inner.faults.len() >= CAPACITY {
            return Err(format!("{CAPACITY} faults are in force; remove some first"));
        }
        inner.last_id += 1;
        let id = inner.last_id;
        let label = fault
            .name
            .as_deref()
            .unwrap_or_else(|| fault.play.name())
            .into();
        inner.faults.push(Active {
            id,
            label,
            fault,
            added_at_ms: now_ms,
            matched: 0,
            hits: 0,
        });
        // Stored under the lock, so that two changes cannot leave a wrong count.
        self.count.store(inner.faults.len(), Ordering::Relaxed);
        Ok(id)
    }

    /// Removes a fault; `false` if it is gone already.
    pub(crate) fn remove(&self, id: u64) -> bool {
        let mut inner = self.lock();
        let before = inner.faults.len();
        inner.faults.retain(|active| active.id != id);
        self.count.store(inner.faults.len(), Ordering::Relaxed);
        // Whether it was there decides between 200 and 404.
        inner.faults.len() < before
    }

    pub(crate) fn clear(&self) -> usize {
        let mut inner = self.lock();
        self.count.store(0, Ordering::Relaxed);
        std::mem::take(&mut inner.faults).len()
    }

    pub(crate) fn list(&self) -> Vec<FaultSummary> {
        let shown = |active: &Active| FaultSummary {
            id: active.id,
            fault: active.fault.clone(),
            label: Arc::clone(&active.label),
            matched: active.matched,
            hits: active.hits,
        };
        self.lock().faults.iter().map(shown).collect()
    }

    /// How often a fault hit; 0 if it is gone.
    pub(crate) fn hits(&self, id: u64) -> u64 {
        self.lock()
            .faults
            .iter()
            .find(|active| active.id == id)
            .map_or(0, |active| active.hits)
    }

    /// Counts the call with every fault that matches it and draws what happens.
    pub(crate) fn draw(&self, target: &Target<'_>, issuer: &Issuer) -> Option<FaultEffect> {
        let mut inner = self.lock();
        let mut play = FaultEffect::default();
        for active in &mut inner.faults {
            // Both are needed in this order: only a call that matches is counted, and only then the dice roll.
            if !active.matches(target) || !active.hits_now(issuer) {
                continue;
            }
            // Delays add up; of the other actions the first one wins, as an answer can be spoiled once.
            if let Action::Delay(latency) = &active.fault.play {
                play.delay = play.delay.saturating_add(latency.draw(issuer));
            } else if play.action.is_none() {
                play.action = Some(active.fault.play.clone());
                play.carry_out = active.fault.carry_out;
            } else {
                active.hits -= 1; // another fault came first
                continue;
            }
            // The label of what the client sees wins over that of a delay.
            if play.label.is_none() || play.action.is_some() {
                play.label = Some(Arc::clone(&active.label));
            }
        }
        play.label.is_some().then_some(play)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Active {
    fn matches(&self, target: &Target<'_>) -> bool {
        let fault = &self.fault;
        fault
            .endpoint
            .is_none_or(|endpoint| endpoint.covers(target.path))
            && fault
                .environment
                .is_none_or(|environment| environment == target.environment)
            && fault
                .client_id
                .as_deref()
                .is_none_or(|id| target.client_id == Some(id))
            && fault.path.as_deref().is_none_or(|part| {
                // On path and query together, so that a fault can single out one shipment.
                target.path.contains(part) || target.query.is_some_and(|query| query.contains(part))
            })
            && self.is_in_its_time(target.now_ms)
    }

    fn is_in_its_time(&self, now_ms: i64) -> bool {
        let ms = |span: Duration| i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
        let starts_in = self.fault.starts_in.map_or(0, |span| ms(span.0));
        let begins = self.added_at_ms.saturating_add(starts_in);
        let ends = self
            .fault
            .lasts
            .map_or(i64::MAX, |span| begins.saturating_add(ms(span.0)));
        // The end is not part of it: a fault that lasts zero seconds never hits.
        (begins..ends).contains(&now_ms)
    }

    /// Counts a matching call; whether it is hit.
    fn hits_now(&mut self, issuer: &Issuer) -> bool {
        self.matched += 1;
        // Counted first: `after` and `times` speak of calls that match, whether hit or not.
        if self.matched <= self.fault.after
            || self.fault.times.is_some_and(|times| self.hits >= times)
            // No draw without need: it would shift the random numbers of a seeded run.
            || self.fault.probability < 1.0 && issuer.chance() >= self.fault.probability
        {
            return false;
        }
        self.hits += 1;
        true
    }
}
