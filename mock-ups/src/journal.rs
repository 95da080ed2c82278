//! What the mock received: a bounded ring that holds no secret.
//!
//! An entry's buffers are used again by the entry that takes its place, so the journal neither
//! grows nor allocates once it is full, and tokens, passwords and codes are left out while copying.

mod entry;
mod filter;
mod mask;

use std::io::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::{HeaderMap, Method};

use crate::api::Environment;
use crate::lint::Findings;

pub use entry::JournalEntry;
pub use filter::Filter;

/// Bytes of a body that an entry keeps.
// The usual request fits; labels of answers do not need to.
const BODY_KEPT: usize = 4_096;

/// What the handlers find out about a request while they answer it.
#[derive(Debug, Default)]
pub(crate) struct RequestFacts {
    /// The oauth client, as far as it was named.
    pub(crate) client: Option<String>,
    /// The serial of the access token used or minted; 0 for none.
    pub(crate) token: u64,
    /// Whether the request minted that token.
    pub(crate) minted: bool,
    /// Why, where UPS's answer does not say it.
    pub(crate) note: Option<&'static str>,
    pub(crate) findings: Findings,
    /// The name of the fault that was played.
    pub(crate) fault: Option<Arc<str>>,
    /// How far a fault puts the time in tokens off.
    pub(crate) clock_skew_ms: i64,
}

impl RequestFacts {
    pub(crate) fn set_client(&mut self, client_id: &str) {
        // Bounded: a client id is text from outside.
        self.client = Some(client_id.chars().take(128).collect());
    }
}

/// One exchange, as the server hands it over.
pub(crate) struct Exchange<'a> {
    pub(crate) at_ms: i64,
    pub(crate) environment: Environment,
    pub(crate) method: &'a Method,
    pub(crate) path: &'a str,
    pub(crate) query: Option<&'a str>,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: &'a Bytes,
    pub(crate) client: Option<&'a str>,
    pub(crate) facts: &'a RequestFacts,
    pub(crate) status: u16,
    /// UPS's code, if the answer is an error.
    pub(crate) code: Option<&'a str>,
    /// The answer's body; empty if there was none.
    pub(crate) answer: &'a [u8],
}

/// The ring.
#[derive(Debug)]
pub(crate) struct Journal {
    /// Nothing is kept, nor counted: workers then share nothing here.
    is_off: AtomicBool,
    /// Prints a line for each request.
    prints: AtomicBool,
    ring: Mutex<Ring>,
}

#[derive(Debug)]
struct Ring {
    capacity: usize,
    slots: Vec<JournalEntry>,
    /// Where the next entry goes, once the ring is full.
    oldest: usize,
    /// Entries ever made.
    made: u64,
    /// `made` at the last clear.
    cleared_at: u64,
}

impl Journal {
    pub(crate) fn new(capacity: usize) -> Self {
        let ring = Ring {
            capacity,
            slots: Vec::new(),
            oldest: 0,
            made: 0,
            cleared_at: 0,
        };
        Self {
            is_off: AtomicBool::new(capacity == 0),
            prints: AtomicBool::new(false),
            ring: Mutex::new(ring),
        }
    }

    /// Prints a line for each request from now on.
    pub(crate) fn print(&self) {
        self.prints.store(true, Ordering::Relaxed);
    }

    pub(crate) fn record(&self, exchange: &Exchange<'_>) {
        // Before the ring: printing works while nothing is kept.
        if self.prints.load(Ordering::Relaxed) {
            let mut entry = JournalEntry::default();
            entry.fill(0, exchange);
            let time = crate::clock::timestamp(exchange.at_ms).strftime("%H:%M:%S");
            // A terminal that is gone is no reason to stop serving.
            let _ = writeln!(std::io::stdout().lock(), "{time} {}", entry.line());
        }
        // Read without the lock, so that workers of a load test share nothing.
        if self.is_off.load(Ordering::Relaxed) {
            return;
        }
        let mut ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
        // Again under the lock: the size may have changed since.
        if ring.capacity == 0 {
            return;
        }
        ring.made += 1;
        let seq = ring.made;
        if ring.slots.len() < ring.capacity {
            let mut entry = JournalEntry::default();
            entry.fill(seq, exchange);
            ring.slots.push(entry);
        } else {
            let place = ring.oldest;
            ring.oldest = (place + 1) % ring.capacity;
            // In place: the buffers of the oldest entry are used again.
            ring.slots[place].fill(seq, exchange);
        }
    }

    /// Keeps this many entries from now on; what was kept is dropped.
    pub(crate) fn resize(&self, capacity: usize) {
        let mut ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
        ring.capacity = capacity;
        self.is_off.store(capacity == 0, Ordering::Relaxed);
        // Cleared, since the places in the ring depend on its size.
        ring.clear();
    }

    pub(crate) fn clear(&self) {
        self.ring
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }

    pub(crate) fn capacity(&self) -> usize {
        self.ring
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .capacity
    }

    /// Requests since the last clear, kept or not.
    pub(crate) fn received(&self) -> u64 {
        let ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
        ring.made - ring.cleared_at
    }

    /// The newest `limit` entries that the filter lets through, oldest first.
    pub(crate) fn select(&self, filter: &Filter, limit: usize) -> Vec<JournalEntry> {
        let ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
        // From `oldest` on are the older entries, in front of it the newer ones.
        let (newer, older) = ring.slots.split_at(ring.oldest);
        let newest_first = newer.iter().rev().chain(older.iter().rev());
        let mut picked: Vec<_> = newest_first
            .filter(|entry| filter.admits(entry))
            .take(limit)
            .cloned()
            .collect();
        // Released before the copies are turned into text, which takes longest.
        drop(ring);
        picked.reverse();
        picked.iter_mut().for_each(JournalEntry::finish_copy);
        picked
    }

    /// Entries that fell out of the ring since the last clear.
    pub(crate) fn lost(&self) -> u64 {
        let ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
        (ring.made - ring.cleared_at).saturating_sub(ring.slots.len() as u64)
    }
}

impl Ring {
    fn clear(&mut self) {
        // A new list and not a cleared one, so that the memory goes back.
        self.slots = Vec::new();
        self.oldest = 0;
        self.cleared_at = self.made;
    }
}
