//! What all parts of the broker use: settings, clock, ledger, the slots, and what is counted.

use crate::{AccountSpec, BrokerConfig, Ledger, metrics::Metrics, slot::Slot, timers::Timers};
use gateway_model::{
    AccountId, CarrierId, Clock, Environment, IntentId, SpanContext, SpanId, SpanSink, TokenBucket,
    TokenBucketPolicy, TraceId,
};
use gateway_token::Jitter;
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{
        Arc, Mutex, OnceLock, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::sync::{Semaphore, watch};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Outcomes of repeatable grants that the ledger is given at a time: half of what a store takes
/// together.
const CONCURRENT_RECORDS: usize = 32;

/// Budgets that are kept before full ones are forgotten.
const BUDGETS: usize = 1_024;

/// What all parts of the broker use.
pub(crate) struct BrokerContext {
    config: RwLock<BrokerConfig>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ledger: Arc<dyn Ledger>,
    pub(crate) timers: Timers<Slot>,
    pub(crate) metrics: Metrics,
    /// Limits the authorizations that run at a time.
    pub(crate) authorizations: Semaphore,
    /// Limits the outcomes of repeatable grants that are written at a time.
    pub(crate) records: Semaphore,
    pub(crate) runtime: tokio::runtime::Handle,
    pub(crate) flights: TaskTracker,
    /// Counts the outcomes that people may have to hear of.
    pub(crate) notable_outcomes: watch::Sender<u64>,
    /// No new token call starts.
    pub(crate) stopping: CancellationToken,
    /// Running token calls end.
    pub(crate) cut_off: CancellationToken,
    /// Takes the spans of token calls, if they are traced.
    spans: OnceLock<Arc<dyn SpanSink>>,
    rng: Mutex<StdRng>,
    slots: RwLock<BTreeMap<AccountId, Arc<Slot>>>,
    budgets: Mutex<HashMap<OAuthClient, TokenBucket>>,
    /// The accounts of which it is not known whether the carrier still accepts the sign-in. Kept here, because a
    /// page that looked for them would lock every account.
    in_doubt: Mutex<BTreeSet<AccountId>>,
    next_id: AtomicU64,
}

/// The OAuth client whose quota at the carrier a token request uses up.
#[derive(PartialEq, Eq, Hash)]
struct OAuthClient {
    carrier: CarrierId,
    environment: Environment,
    client_id: String,
}

impl BrokerContext {
    /// # Panics
    /// Outside a tokio runtime.
    pub(crate) fn new(
        config: BrokerConfig,
        clock: Arc<dyn Clock>,
        ledger: Arc<dyn Ledger>,
        jitter_seed: u64,
    ) -> Self {
        let authorizations = config.concurrent_authorizations;
        Self {
            config: RwLock::new(config),
            clock,
            ledger,
            timers: Timers::new(),
            metrics: Metrics::default(),
            // At least one, or no token would ever be requested.
            authorizations: Semaphore::new(authorizations.clamp(1, Semaphore::MAX_PERMITS)),
            records: Semaphore::new(CONCURRENT_RECORDS),
            runtime: tokio::runtime::Handle::current(),
            flights: TaskTracker::new(),
            notable_outcomes: watch::Sender::new(0),
            stopping: CancellationToken::new(),
            cut_off: CancellationToken::new(),
            spans: OnceLock::new(),
            rng: Mutex::new(StdRng::seed_from_u64(jitter_seed)),
            slots: RwLock::new(BTreeMap::new()),
            budgets: Mutex::new(HashMap::new()),
            in_doubt: Mutex::default(),
            next_id: AtomicU64::new(0),
        }
    }

    pub(crate) fn trace(&self, sink: Arc<dyn SpanSink>) {
        // The first one stays.
        let _ = self.spans.set(sink);
    }

    pub(crate) fn spans(&self) -> Option<&Arc<dyn SpanSink>> {
        self.spans.get()
    }

    /// A new span that begins a trace, if spans go somewhere. Neither of its ids is zero.
    pub(crate) fn new_span(&self) -> Option<SpanContext> {
        self.spans()?;
        let mut rng = self.rng.lock().unwrap_or_else(PoisonError::into_inner);
        let (trace, span) = (rng.random::<u128>().max(1), rng.random::<u64>().max(1));
        Some(SpanContext {
            trace: TraceId(trace.to_be_bytes()),
            span: SpanId(span.to_be_bytes()),
        })
    }

    /// The settings as they are now.
    pub(crate) fn config(&self) -> BrokerConfig {
        *self.config.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Works by other settings from now on.
    pub(crate) fn reconfigure(&self, config: BrokerConfig) {
        *self.config.write().unwrap_or_else(PoisonError::into_inner) = config;
    }

    /// The account's slot, if the account is kept.
    pub(crate) fn slot(&self, account: &AccountId) -> Option<Arc<Slot>> {
        let slots = self.slots.read().unwrap_or_else(PoisonError::into_inner);
        slots.get(account).cloned()
    }

    /// All slots, ordered by name.
    pub(crate) fn slots(&self) -> Vec<Arc<Slot>> {
        let slots = self.slots.read().unwrap_or_else(PoisonError::into_inner);
        slots.values().cloned().collect()
    }

    /// The account's slot, which is made if there is none.
    pub(crate) fn slot_or_insert(&self, spec: &AccountSpec) -> Arc<Slot> {
        // The read lock first: at nearly every call the slot is there.
        if let Some(slot) = self.slot(&spec.account) {
            return slot;
        }
        // Two callers may race to here: the entry below keeps the first slot, and an unused number harms
        // nothing.
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let mut slots = self.slots.write().unwrap_or_else(PoisonError::into_inner);
        let slot = slots
            .entry(spec.account.clone())
            .or_insert_with(|| Arc::new(Slot::new(id, spec.clone(), self.config().policy)));
        Arc::clone(slot)
    }

    /// Forgets an account.
    pub(crate) fn remove_slot(&self, account: &AccountId) -> Option<Arc<Slot>> {
        let mut slots = self.slots.write().unwrap_or_else(PoisonError::into_inner);
        slots.remove(account)
    }

    /// Notes whether an account's sign-in is in doubt.
    pub(crate) fn note_doubt(&self, account: &AccountId, doubtful: bool) {
        let mut in_doubt = self.in_doubt.lock().unwrap_or_else(PoisonError::into_inner);
        if doubtful {
            in_doubt.insert(account.clone());
        } else {
            in_doubt.remove(account);
        }
    }

    /// The accounts whose sign-in is in doubt.
    pub(crate) fn in_doubt(&self) -> BTreeSet<AccountId> {
        let in_doubt = self.in_doubt.lock().unwrap_or_else(PoisonError::into_inner);
        in_doubt.clone()
    }

    /// Draws the random number of one lifecycle event.
    pub(crate) fn draw_jitter(&self) -> Jitter {
        let mut rng = self.rng.lock().unwrap_or_else(PoisonError::into_inner);
        Jitter::new(rng.random())
    }

    /// Names a new intent.
    pub(crate) fn draw_intent_id(&self) -> IntentId {
        let mut rng = self.rng.lock().unwrap_or_else(PoisonError::into_inner);
        IntentId::from_random(rng.random())
    }

    /// Takes one token request out of the OAuth client's budget, or says how long to wait.
    pub(crate) fn take_budget(&self, spec: &AccountSpec, now: Instant) -> Result<(), Duration> {
        let client = OAuthClient {
            carrier: spec.carrier.clone(),
            environment: spec.environment,
            client_id: spec.client_id.clone(),
        };
        let policy: TokenBucketPolicy = self.config().mint_budget;
        let mut budgets = self.budgets.lock().unwrap_or_else(PoisonError::into_inner);
        // A full bucket allows what a new one does, so forgetting it bounds the memory for free.
        if budgets.len() >= BUDGETS && !budgets.contains_key(&client) {
            budgets.retain(|_, budget| !budget.is_full(now));
        }
        budgets.entry(client).or_default().take(policy, now)
    }
}
