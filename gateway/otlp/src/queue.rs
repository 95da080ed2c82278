//! Where spans and lines of the log are left.

use crate::{
    counts::{Counts, ExportCounts},
    signal::Signal,
};
use gateway_model::{LogRecord, LogSink, Span, SpanSink};
use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::sync::mpsc::{self, error::TrySendError};

/// What may wait for the exporter. At half a kilobyte each, spans take 4 MiB at most; lines of the log take twice that.
const ROOM: usize = 8 * 1024;

/// Takes spans or lines of the log, and drops what it has no room for. Cheap to clone.
pub struct Queue<T> {
    sender: mpsc::Sender<T>,
    /// For the exporter. A queue may be there before it.
    waiting: Arc<Mutex<Option<mpsc::Receiver<T>>>>,
    pub(crate) counts: Arc<Counts>,
}

/// Takes spans.
pub type SpanQueue = Queue<Span>;

/// Takes lines of the log.
pub type LogQueue = Queue<LogRecord>;

impl<T: Signal> Queue<T> {
    /// An empty queue. Nothing leaves it before an exporter starts.
    pub fn new() -> Self {
        let (sender, receiver) = mpsc::channel(ROOM);
        Self {
            sender,
            waiting: Arc::new(Mutex::new(Some(receiver))),
            counts: Arc::default(),
        }
    }

    /// What became of what was left here.
    pub fn counts(&self) -> ExportCounts {
        self.counts.snapshot()
    }

    /// The end that an exporter has. There is one.
    pub(crate) fn receiver(&self) -> Option<mpsc::Receiver<T>> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.take()
    }

    fn leave(&self, item: T) {
        match self.sender.try_send(item) {
            Ok(()) => {}
            // Closed: the gateway ends, and the last batch has left.
            Err(TrySendError::Full(_) | TrySendError::Closed(_)) => self.counts.full.add(1),
        }
    }
}

impl SpanSink for SpanQueue {
    fn record(&self, span: Span) {
        self.leave(span);
    }
}

impl LogSink for LogQueue {
    fn record(&self, record: LogRecord) {
        self.leave(record);
    }
}

impl<T: Signal> Default for Queue<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Clone for Queue<T> {
    fn clone(&self) -> Self {
        Self {
            sender: self.sender.clone(),
            waiting: Arc::clone(&self.waiting),
            counts: Arc::clone(&self.counts),
        }
    }
}

impl<T> fmt::Debug for Queue<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gateway_model::Severity;
    use std::time::SystemTime;

    #[test]
    fn full_queue_drops_what_comes_and_counts_it() {
        let queue = LogQueue::new();
        let _exporter = queue.receiver();
        for _ in 0..ROOM + 3 {
            queue.record(LogRecord {
                at: SystemTime::UNIX_EPOCH,
                severity: Severity::Info,
                target: "test",
                message: String::new(),
                attributes: Vec::new(),
                trace: None,
                span: None,
            });
        }
        assert_eq!(queue.counts().dropped_full, 3);
    }
}
