//! What a declared product keeps of its calls: records by key, the oldest forgotten first.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Records at most. Strangers can make records without end, so there is a bound whatever a test does.
const CAPACITY: usize = 5_000;

/// Records by key, for all workers.
pub(crate) struct Ledger<T> {
    capacity: usize,
    inner: Mutex<Inner<T>>,
}

struct Inner<T> {
    records: HashMap<String, T>,
    order: VecDeque<String>,
    count: u64,
}

impl<T> Default for Ledger<T> {
    fn default() -> Self {
        Self::bounded(CAPACITY)
    }
}

impl<T> Default for Inner<T> {
    fn default() -> Self {
        Self {
            records: HashMap::new(),
            order: VecDeque::new(),
            count: 0,
        }
    }
}

impl<T> Ledger<T> {
    /// With another bound, for records that are large.
    pub(crate) fn bounded(capacity: usize) -> Self {
        Self {
            capacity,
            inner: Mutex::new(Inner::default()),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner<T>> {
        // A panic while the lock was held leaves at worst a key without a record.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A number that no other record of this ledger has, from 1.
    pub(crate) fn next_number(&self) -> u64 {
        let mut inner = self.lock();
        inner.count += 1;
        inner.count
    }

    /// Keeps a record, in place of an older one with the key.
    pub(crate) fn insert(&self, key: &str, record: T) {
        let mut inner = self.lock();
        if inner.records.insert(key.to_owned(), record).is_some() {
            return;
        }
        inner.order.push_back(key.to_owned());
        if inner.order.len() > self.capacity
            && let Some(oldest) = inner.order.pop_front()
        {
            inner.records.remove(&oldest);
        }
    }

    /// Does something with a record.
    pub(crate) fn with<R>(&self, key: &str, action: impl FnOnce(&mut T) -> R) -> Option<R> {
        self.lock().records.get_mut(key).map(action)
    }

    /// Does something with a record, which is made if there is none.
    pub(crate) fn with_or_new<R>(&self, key: &str, action: impl FnOnce(&mut T) -> R) -> R
    where
        T: Default,
    {
        // Two steps, so that a new record is counted against the bound.
        if self.with(key, |_| ()).is_none() {
            self.insert(key, T::default());
        }
        let mut inner = self.lock();
        action(inner.records.entry(key.to_owned()).or_default())
    }

    /// Something of each record that is wanted, the oldest first.
    pub(crate) fn collect<R>(&self, mut wanted: impl FnMut(&mut T) -> Option<R>) -> Vec<R> {
        let mut inner = self.lock();
        let Inner { records, order, .. } = &mut *inner;
        let found = order.iter().filter_map(|key| wanted(records.get_mut(key)?));
        found.collect()
    }

    pub(crate) fn clear(&self) {
        *self.lock() = Inner::default();
    }
}

/// Hexadecimal digits that depend on a text only; as many as are wanted, 64 at most.
pub(crate) fn digest(text: &str, digits: usize) -> String {
    use sha2::{Digest as _, Sha256};
    use std::fmt::Write as _;
    let mut hex = String::with_capacity(64);
    for byte in Sha256::digest(text.as_bytes()) {
        // Writing into a text cannot fail.
        let _ = write!(hex, "{byte:02x}");
    }
    hex.truncate(digits);
    hex
}

/// A number below a bound that depends on a text only.
pub(crate) fn draw(text: &str, bound: u64) -> u64 {
    let digits = digest(text, 15);
    u64::from_str_radix(&digits, 16).map_or(0, |number| number % bound.max(1))
}
