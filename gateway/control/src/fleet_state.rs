//! What the gateway knows of its fleet. The tasks in `fleet` keep it up to date.

use gateway_model::Share;
use gateway_store::{ReplicaId, ReplicaRecord};
use std::{
    collections::BTreeSet,
    sync::{
        Mutex, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// The fleet as this gateway last saw it.
#[derive(Debug, Default)]
pub(crate) struct FleetState {
    members: RwLock<Members>,
    problem: Mutex<Option<String>>,
    declared: Mutex<String>,
    resyncs: AtomicU64,
}

/// The gateways that are live.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Members {
    /// Their ids, with this gateway's own.
    pub(crate) live: BTreeSet<ReplicaId>,
    this: Option<ReplicaId>,
    /// The number of accounts that this gateway renews.
    pub(crate) accounts: u64,
    /// When the lease of another live gateway ends at the earliest, if that sends no heartbeat any more.
    pub(crate) first_end: Option<Duration>,
}

impl Members {
    /// The live ones of the store's list.
    pub(crate) fn of(replicas: &[ReplicaRecord]) -> Self {
        let live = replicas.iter().filter(|replica| replica.live);
        let this = replicas.iter().find(|replica| replica.this);
        let others = replicas.iter().filter(|other| other.live && !other.this);
        let ends = others.map(|other| u64::try_from(other.ends_in_ms).unwrap_or(0));
        Self {
            live: live.map(|replica| replica.id.clone()).collect(),
            this: this.map(|replica| replica.id.clone()),
            accounts: this.map_or(0, |replica| replica.owned),
            first_end: ends.min().map(Duration::from_millis),
        }
    }

    /// Whether another gateway of that id is live.
    pub(crate) fn is_other(&self, replica: &ReplicaId) -> bool {
        self.this.as_ref() != Some(replica) && self.live.contains(replica)
    }

    /// This gateway's part of what the fleet allows.
    pub(crate) fn share(&self) -> Share {
        let before = |this: &ReplicaId| self.live.range(..this.clone()).count();
        // A gateway whose lease is over still serves, and its apps may come back to it.
        let rank = self.this.as_ref().map_or(0, before);
        Share::new(rank, self.live.len())
    }
}

impl FleetState {
    pub(crate) fn members(&self) -> Members {
        let members = self.members.read().unwrap_or_else(PoisonError::into_inner);
        members.clone()
    }

    /// Takes what the store lists now, and returns whether other gateways are live than before.
    pub(crate) fn replace(&self, new: Members) -> bool {
        let mut members = self.members.write().unwrap_or_else(PoisonError::into_inner);
        let changed = (&members.live, &members.this) != (&new.live, &new.this);
        *members = new;
        changed
    }

    /// Why the last heartbeat failed, if it did.
    pub(crate) fn problem(&self) -> Option<String> {
        let problem = self.problem.lock().unwrap_or_else(PoisonError::into_inner);
        problem.clone()
    }

    /// Returns what was there before.
    pub(crate) fn set_problem(&self, new: Option<String>) -> Option<String> {
        let mut problem = self.problem.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *problem, new)
    }

    /// The digest of the accounts and apps of the configuration file.
    pub(crate) fn declared(&self) -> String {
        let declared = self.declared.lock().unwrap_or_else(PoisonError::into_inner);
        declared.clone()
    }

    pub(crate) fn set_declared(&self, digest: String) {
        let mut declared = self.declared.lock().unwrap_or_else(PoisonError::into_inner);
        *declared = digest;
    }

    /// How often everything was compared, because a message may have been missed.
    pub(crate) fn resyncs(&self) -> u64 {
        self.resyncs.load(Ordering::Relaxed)
    }

    pub(crate) fn count_resync(&self) {
        self.resyncs.fetch_add(1, Ordering::Relaxed);
    }
}
