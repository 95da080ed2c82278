//! What became of what was to be exported.

use std::sync::atomic::{AtomicU64, Ordering};

/// What became of spans, lines of the log or values of metrics, so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExportCounts {
    /// The collector took them.
    pub exported: u64,
    /// The queue was full.
    pub dropped_full: u64,
    /// The collector refused them.
    pub dropped_refused: u64,
    /// The collector could not be reached, or was not ready, until they were given up.
    pub dropped_unreachable: u64,
}

/// The counters themselves.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) exported: Count,
    pub(crate) full: Count,
    pub(crate) refused: Count,
    pub(crate) unreachable: Count,
}

/// A counter.
#[derive(Debug, Default)]
pub(crate) struct Count(AtomicU64);

impl Count {
    pub(crate) fn add(&self, count: usize) {
        // Relaxed: nothing is published with a count.
        self.0.fetch_add(count as u64, Ordering::Relaxed);
    }

    pub(crate) fn value(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Counts {
    pub(crate) fn snapshot(&self) -> ExportCounts {
        ExportCounts {
            exported: self.exported.value(),
            dropped_full: self.full.value(),
            dropped_refused: self.refused.value(),
            dropped_unreachable: self.unreachable.value(),
        }
    }
}
