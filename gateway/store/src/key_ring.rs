//! Where a store's keys come from, for reading them again.

use gateway_model::{MasterKeySource, StoreOptions};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The pause between two readings: a source may be a command, and a damaged row must not run it all the time.
const PAUSE: Duration = Duration::from_secs(5);

/// The sources of a store's keys.
pub(crate) struct KeyRing {
    pub(crate) first: MasterKeySource,
    pub(crate) others: Vec<MasterKeySource>,
    read_at: Mutex<Option<Instant>>,
}

impl KeyRing {
    pub(crate) fn new(options: &StoreOptions) -> Self {
        Self {
            first: options.master_key.clone(),
            others: options.old_keys.clone(),
            read_at: Mutex::default(),
        }
    }

    /// Whether the sources may be read now; then they count as read.
    pub(crate) fn may_read(&self, now: Instant) -> bool {
        let mut read_at = self.read_at.lock().unwrap_or_else(PoisonError::into_inner);
        if read_at.is_some_and(|at| now.saturating_duration_since(at) < PAUSE) {
            return false;
        }
        *read_at = Some(now);
        true
    }
}
