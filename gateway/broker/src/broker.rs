//! The broker and what all its parts share.

use crate::{
    AccountSpec, BrokerConfig, Handle, Ledger, driver, metrics::Metrics, slot::Slot, timers::Timers,
};
use gateway_model::{
    AccountId, CarrierId, Clock, CredentialCell, CredentialState, Environment, Unavailable,
    UnavailableReason,
};
use gateway_store::GrantRecord;
use gateway_token::{Jitter, MintBudget, OverBudget};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    sync::{
        Arc, Mutex, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::sync::{Semaphore, watch};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Outcomes of repeatable grants that the ledger is given at a time: half of what a store takes
/// together.
const RECORDS: usize = 32;

/// Keeps the tokens of all accounts fresh.
///
/// Dropping it stops renewals at once; [`Broker::shutdown`] lets token calls finish first.
pub struct Broker {
    shared: Arc<Shared>,
}

/// How a shutdown went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shutdown {
    /// Every token call had ended.
    Clean,
    /// Some token calls were cut off when the grace was over.
    CutOff {
        /// How many.
        calls: usize,
    },
}

/// Whose quota at the carrier a token request uses up.
type OAuthClient = (CarrierId, Environment, String);

/// What all parts of the broker share.
pub(crate) struct Shared {
    pub(crate) config: BrokerConfig,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ledger: Arc<dyn Ledger>,
    pub(crate) timers: Timers<Slot>,
    pub(crate) metrics: Metrics,
    pub(crate) permits: Semaphore,
    /// Of those who put on record what may be had again.
    pub(crate) records: Semaphore,
    pub(crate) runtime: tokio::runtime::Handle,
    pub(crate) calls: TaskTracker,
    /// Counts the outcomes that people may have to hear of.
    pub(crate) turns: watch::Sender<u64>,
    /// No new token call starts.
    pub(crate) stopping: CancellationToken,
    /// Running token calls end.
    pub(crate) cut_off: CancellationToken,
    jitter: Mutex<StdRng>,
    slots: RwLock<BTreeMap<AccountId, Arc<Slot>>>,
    budgets: Mutex<HashMap<OAuthClient, MintBudget>>,
    next_id: AtomicU64,
}

impl Broker {
    /// Starts a broker on the current tokio runtime, which from then on makes the token calls,
    /// whatever runtime asks for them. `jitter_seed` should be random, or replicas renew in step.
    ///
    /// # Panics
    /// Outside a tokio runtime with time enabled.
    pub fn new(
        config: BrokerConfig,
        clock: Arc<dyn Clock>,
        ledger: Arc<dyn Ledger>,
        jitter_seed: u64,
    ) -> Self {
        let shared = Arc::new(Shared {
            config,
            clock,
            ledger,
            timers: Timers::new(),
            metrics: Metrics::default(),
            permits: Semaphore::new(
                config
                    .concurrent_authorizations
                    .clamp(1, Semaphore::MAX_PERMITS),
            ),
            records: Semaphore::new(RECORDS),
            runtime: tokio::runtime::Handle::current(),
            calls: TaskTracker::new(),
            turns: watch::Sender::new(0),
            stopping: CancellationToken::new(),
            cut_off: CancellationToken::new(),
            jitter: Mutex::new(StdRng::seed_from_u64(jitter_seed)),
            slots: RwLock::new(BTreeMap::new()),
            budgets: Mutex::new(HashMap::new()),
            next_id: AtomicU64::new(0),
        });
        shared
            .runtime
            .spawn(driver::run_timers(Arc::clone(&shared)));
        Self { shared }
    }

    /// A handle for those who ask for tokens.
    pub fn handle(&self) -> Handle {
        Handle::new(Arc::clone(&self.shared))
    }

    /// Keeps an account's tokens from now on, and says where they will be published.
    ///
    /// Adding an account again updates it. If its [`SlotKey`](crate::SlotKey) changed, everything
    /// that the old credentials brought is withdrawn at once; the cell stays the same.
    pub fn add_account(&self, spec: AccountSpec) -> Arc<CredentialCell> {
        let known = self.shared.slot(&spec.account);
        let slot = known.unwrap_or_else(|| self.shared.insert(&spec));
        driver::replace_spec(&self.shared, &slot, spec);
        Arc::clone(&slot.cell)
    }

    /// Takes over what the store kept of an account, or what a person's login brought: its grant and,
    /// if it is still good, its token. `false` if the account is not known.
    ///
    /// What is in flight for the account counts no more.
    pub fn adopt(&self, record: &GrantRecord) -> bool {
        let slot = self.shared.slot(&record.account);
        let known = slot.is_some();
        if let Some(slot) = slot {
            driver::adopt(&self.shared, &slot, record);
        }
        known
    }

    /// Forgets an account; its cell says so to whoever still reads it. `false` if it was not known.
    pub fn remove_account(&self, account: &AccountId) -> bool {
        let removed = self
            .shared
            .slots
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(account);
        let Some(slot) = removed else { return false };
        driver::retire(&self.shared, &slot);
        true
    }

    /// Starts no token call any more, waits up to `grace` for those that run, and cuts off the
    /// rest.
    ///
    /// What arrives within the grace is still published, and those who wait for it are served.
    pub async fn shutdown(&self, grace: Duration) -> Shutdown {
        let shared = &self.shared;
        shared.stopping.cancel();
        shared.calls.close();
        if tokio::time::timeout(grace, shared.calls.wait())
            .await
            .is_ok()
        {
            return Shutdown::Clean;
        }
        let calls = shared.calls.len();
        shared.cut_off.cancel();
        shared.calls.wait().await;
        Shutdown::CutOff { calls }
    }
}

impl fmt::Debug for Broker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Broker")
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.shared.stopping.cancel();
        self.shared.cut_off.cancel();
    }
}

impl Shared {
    /// The account's slot, if it is kept.
    pub(crate) fn slot(&self, account: &AccountId) -> Option<Arc<Slot>> {
        let slots = self.slots.read().unwrap_or_else(PoisonError::into_inner);
        slots.get(account).cloned()
    }

    /// All slots, ordered by name.
    pub(crate) fn slots(&self) -> Vec<Arc<Slot>> {
        let slots = self.slots.read().unwrap_or_else(PoisonError::into_inner);
        slots.values().cloned().collect()
    }

    fn insert(&self, spec: &AccountSpec) -> Arc<Slot> {
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let mut slots = self.slots.write().unwrap_or_else(PoisonError::into_inner);
        let slot = slots
            .entry(spec.account.clone())
            .or_insert_with(|| Arc::new(Slot::new(id, spec.clone(), self.config.policy)));
        Arc::clone(slot)
    }

    /// Draws one random number.
    pub(crate) fn draw(&self) -> Jitter {
        let mut rng = self.jitter.lock().unwrap_or_else(PoisonError::into_inner);
        Jitter::new(rng.random())
    }

    /// Names an intent.
    pub(crate) fn intent_id(&self) -> String {
        let mut rng = self.jitter.lock().unwrap_or_else(PoisonError::into_inner);
        format!("{:032x}", rng.random::<u128>())
    }

    /// Takes one token request out of the OAuth client's budget.
    pub(crate) fn take_budget(&self, spec: &AccountSpec, now: Instant) -> Result<(), OverBudget> {
        let client = (
            spec.carrier.clone(),
            spec.environment,
            spec.client_id.clone(),
        );
        let mut budgets = self.budgets.lock().unwrap_or_else(PoisonError::into_inner);
        if budgets.len() >= 1_024 && !budgets.contains_key(&client) {
            budgets.retain(|_, budget| !budget.is_full(now));
        }
        budgets
            .entry(client)
            .or_insert_with(|| MintBudget::new(self.config.mint_budget))
            .take(now)
    }

    /// What a caller learns about an account that is not kept.
    pub(crate) fn unknown(account: &AccountId) -> Unavailable {
        Unavailable {
            reason: UnavailableReason::Misconfigured,
            message: format!("there is no account {account}; add it, or correct the name"),
            retry_at: None,
        }
    }
}

/// Whether the cell holds something that may be injected now, and what it says otherwise.
pub(crate) fn published(cell: &CredentialCell, now: Instant) -> Result<(), Unavailable> {
    match &*cell.load().1 {
        CredentialState::Usable(credential) if now < credential.expires_at => Ok(()),
        CredentialState::Usable(_) => Err(Unavailable {
            reason: UnavailableReason::Pending,
            message: format!(
                "the token of account {} just expired; try again",
                cell.account()
            ),
            retry_at: None,
        }),
        CredentialState::Absent(unavailable) => Err(unavailable.clone()),
    }
}
