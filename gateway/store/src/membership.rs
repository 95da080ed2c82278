//! This process as a member of the fleet: its identifier, until when it may act, and which accounts it
//! owns, as far as the process itself can know.

use crate::claim_queue::ClaimQueue;
use crate::{Fence, FleetOptions, ReplicaId, ReplicaInfo, ReplicaRecord, ReplicaState, Timestamp};
use gateway_model::{AccountId, Clock};
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// One membership. It ends for good when its lease has ended.
pub(crate) struct Membership {
    pub(crate) id: ReplicaId,
    info: ReplicaInfo,
    started_at: Timestamp,
    pub(crate) options: FleetOptions,
    clock: Arc<dyn Clock>,
    said: Mutex<ReplicaState>,
    /// Accounts that are about to be claimed.
    pub(crate) claims: Arc<ClaimQueue>,
    /// The database's timeline is noted at each heartbeat.
    pub(crate) on_timeline: bool,
    state: Mutex<MembershipState>,
}

struct MembershipState {
    /// The process believes in its lease until then.
    until: Instant,
    /// The accounts that it claimed.
    owned: HashMap<AccountId, Owned>,
}

/// An account of this process.
struct Owned {
    fence: Fence,
    /// When no request of the owner before can be under way any more; until somebody has asked.
    settled_at: Option<Instant>,
    /// The database failed over since the owner before died: that one may have presented a grant that only
    /// gateways' memories still have.
    after_failover: bool,
}

impl fmt::Debug for Membership {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Membership({})", self.id)
    }
}

impl Membership {
    /// A membership whose lease was asked for at `sent`.
    pub(crate) fn new(
        id: ReplicaId,
        info: ReplicaInfo,
        started_at: Timestamp,
        options: FleetOptions,
        clock: Arc<dyn Clock>,
        sent: Instant,
    ) -> Self {
        let state = MembershipState {
            until: until(sent, options),
            owned: HashMap::new(),
        };
        Self {
            id,
            info,
            started_at,
            options,
            clock,
            said: Mutex::default(),
            claims: Arc::default(),
            on_timeline: false,
            state: Mutex::new(state),
        }
    }

    /// The time, for noting when a statement is sent.
    pub(crate) fn now(&self) -> Instant {
        self.clock.now()
    }

    /// Notes that the lease was extended by a statement that was sent at `sent`.
    pub(crate) fn extended(&self, sent: Instant) {
        let until = until(sent, self.options);
        let mut state = self.state();
        // Answers may come in another order than their statements were sent.
        state.until = state.until.max(until);
    }

    /// Notes that the lease has ended, or that it was given up.
    pub(crate) fn ended(&self) {
        let now = self.now();
        let mut state = self.state();
        state.until = state.until.min(now);
        state.owned.clear();
    }

    /// Notes what the process says about itself.
    pub(crate) fn says(&self, state: &ReplicaState) {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        said.clone_from(state);
    }

    /// The only gateway of a store that is not shared.
    pub(crate) fn record(&self) -> ReplicaRecord {
        let said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        let said = said.clone();
        ReplicaRecord {
            id: self.id.clone(),
            name: self.info.name.clone(),
            version: self.info.version.clone(),
            plugins: said.plugins,
            declared: said.declared,
            started_at: self.started_at,
            seen_ms_ago: 0,
            ends_in_ms: i64::try_from(self.options.lease.as_millis()).unwrap_or(i64::MAX),
            accounts: said.accounts,
            owned: said.accounts,
            live: true,
            this: true,
        }
    }

    /// Whether the lease holds for certain.
    pub(crate) fn holds(&self) -> bool {
        self.now() < self.state().until
    }

    /// The fence under which the account is this process's own.
    pub(crate) fn fence(&self, account: &AccountId) -> Option<Fence> {
        self.state().owned.get(account).map(|owned| owned.fence)
    }

    /// The same for a claim: also for how long a request of the owner before may still be under way. That is
    /// said once, to the first who asks, even if the account was taken for something else meanwhile.
    pub(crate) fn claim(&self, account: &AccountId) -> Option<Option<Duration>> {
        let now = self.now();
        let mut state = self.state();
        let owned = state.owned.get_mut(account)?;
        let settled_at = owned.settled_at.take();
        Some(settled_at.map(|at| at.saturating_duration_since(now)))
    }

    /// Notes that the account was claimed, and for how long a request of its last owner may be under way.
    pub(crate) fn claimed(&self, account: &AccountId, fence: Fence, unsettled: Option<Duration>) {
        let owned = Owned {
            fence,
            settled_at: unsettled.map(|unsettled| self.now() + unsettled),
            after_failover: false,
        };
        self.state().owned.insert(account.clone(), owned);
    }

    /// Notes that the account was claimed after a failover.
    pub(crate) fn claimed_after_failover(&self, account: &AccountId) {
        if let Some(owned) = self.state().owned.get_mut(account) {
            owned.after_failover = true;
        }
    }

    /// Whether nobody else can have presented the account's grant since this process knows it.
    pub(crate) fn alone_presents(&self, account: &AccountId) -> bool {
        let state = self.state();
        state
            .owned
            .get(account)
            .is_some_and(|owned| !owned.after_failover)
    }

    /// Notes that the account is another's, or may be.
    pub(crate) fn forget(&self, account: &AccountId) {
        self.state().owned.remove(account);
    }

    fn state(&self) -> MutexGuard<'_, MembershipState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counted from before the statement was sent, less a tenth: the database counts from when it ran, and
/// clocks may run at slightly different speeds.
fn until(sent: Instant, options: FleetOptions) -> Instant {
    sent + options.lease.mul_f64(0.9)
}
