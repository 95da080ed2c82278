//! Where workers leave spans.

use crate::counts::{Counts, ExportCounts};
use gateway_model::{Span, SpanSink};
use std::{fmt, sync::Arc};
use tokio::sync::mpsc::{self, error::TrySendError};

/// Spans that wait for the exporter. At half a kilobyte each they take 4 MiB at most.
const ROOM: usize = 8 * 1024;

/// Takes spans, and drops what it has no room for. Cheap to clone.
#[derive(Clone)]
pub struct SpanQueue {
    sender: mpsc::Sender<Span>,
    counts: Arc<Counts>,
}

impl SpanQueue {
    pub(crate) fn new(counts: Arc<Counts>) -> (Self, mpsc::Receiver<Span>) {
        let (sender, receiver) = mpsc::channel(ROOM);
        (Self { sender, counts }, receiver)
    }

    /// What became of the spans.
    pub fn counts(&self) -> ExportCounts {
        self.counts.snapshot()
    }
}

impl SpanSink for SpanQueue {
    fn record(&self, span: Span) {
        match self.sender.try_send(span) {
            Ok(()) => {}
            // Closed: the gateway ends, and the last batch has left.
            Err(TrySendError::Full(_) | TrySendError::Closed(_)) => self.counts.full.add(1),
        }
    }
}

impl fmt::Debug for SpanQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SpanQueue").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gateway_model::{SpanId, SpanKind, TraceId};
    use std::time::SystemTime;

    #[test]
    fn full_queue_drops_spans_and_counts_them() {
        let (queue, _receiver) = SpanQueue::new(Arc::default());
        for _ in 0..ROOM + 3 {
            queue.record(Span {
                trace: TraceId([1; 16]),
                id: SpanId([2; 8]),
                parent: None,
                name: String::new(),
                kind: SpanKind::Server,
                began: SystemTime::UNIX_EPOCH,
                ended: SystemTime::UNIX_EPOCH,
                attributes: Vec::new(),
                failure: None,
            });
        }
        assert_eq!(queue.counts().dropped_full, 3);
    }
}
