//! One account's place in the broker.

use crate::{
    AccountSpec, LastResult, adoption, metrics::Count, presentation::Presenting,
    single_flight::Waiters,
};
use gateway_model::{CredentialCell, Fingerprint, SecretBytes, TokenFacts};
use gateway_store::Timestamp;
use gateway_token::{Lifecycle, Policy};
use http::{HeaderName, HeaderValue};
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

/// One account's lifecycle and everything around it.
#[derive(Debug)]
pub(crate) struct Slot {
    pub(crate) id: u64,
    pub(crate) cell: Arc<CredentialCell>,
    pub(crate) served: Count,
    pub(crate) joined: Count,
    /// Whoever writes about the account's single-use grant holds it, so that writes keep the order
    /// in which their reasons came about.
    pub(crate) order: tokio::sync::Mutex<()>,
    work: Mutex<Work>,
}

/// What changes, under the slot's lock. The lock is never held across an await.
#[derive(Debug)]
pub(crate) struct Work {
    pub(crate) spec: AccountSpec,
    pub(crate) lifecycle: Lifecycle,
    pub(crate) waiters: Waiters,
    pub(crate) last_result: Option<LastResult>,
    pub(crate) minted: u64,
    /// Removed from the broker: nothing starts any more.
    pub(crate) retired: bool,
    /// Issued or adopted, and not yet published.
    pub(crate) pending: Option<Pending>,
    /// Of the published token, once somebody looked.
    pub(crate) fingerprint: Option<Fingerprint>,
    /// For the next authorization.
    pub(crate) state: SecretBytes,
    pub(crate) wake_at: Option<Instant>,
    /// The durable intent whose request is to go out next.
    pub(crate) presenting: Option<Presenting>,
    /// Of the grant, in the ledger.
    pub(crate) version: i64,
    /// When the grant itself ends.
    pub(crate) grant_ends: Option<Timestamp>,
    /// What the carrier said about the newest token.
    pub(crate) facts: TokenFacts,
}

/// A token on its way to its cell.
#[derive(Debug)]
pub(crate) struct Pending {
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    /// This process asked for it.
    pub(crate) minted: bool,
}

impl Slot {
    pub(crate) fn new(id: u64, spec: AccountSpec, mut policy: Policy) -> Self {
        policy.last_chance.allowed &= spec.last_chance;
        Self {
            id,
            cell: Arc::new(CredentialCell::new(spec.account.clone())),
            served: Count::default(),
            joined: Count::default(),
            order: tokio::sync::Mutex::new(()),
            work: Mutex::new(Work {
                lifecycle: Lifecycle::new(policy, adoption::without_record(spec.grant)),
                spec,
                waiters: Waiters::default(),
                last_result: None,
                minted: 0,
                retired: false,
                pending: None,
                fingerprint: None,
                state: SecretBytes::default(),
                wake_at: None,
                presenting: None,
                version: 0,
                grant_ends: None,
                facts: TokenFacts::default(),
            }),
        }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Work> {
        self.work.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
