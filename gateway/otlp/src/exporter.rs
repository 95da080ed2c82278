//! Batches of spans, until the end.

use crate::{
    counts::{Counts, ExportCounts},
    queue::SpanQueue,
    target::{Resource, Target},
};
use gateway_http_client::HttpClient;
use gateway_model::{Clock, Span};
use std::{
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::{
    sync::{Notify, mpsc},
    task::JoinHandle,
    time::timeout,
};

/// Spans of one request, at most.
const BATCH: usize = 512;
/// How long a span waits for others.
const PATIENCE: Duration = Duration::from_secs(2);

/// Where spans go.
#[derive(Clone, Debug)]
pub struct ExportSettings {
    /// The collector.
    pub target: Target,
    /// What spans say about this gateway.
    pub resource: Resource,
}

/// Exports spans. Dropping it leaves the task running until the runtime ends; [`Exporter::shutdown`] sends what is
/// there.
pub struct Exporter {
    queue: SpanQueue,
    end: Arc<Notify>,
    task: Mutex<Option<JoinHandle<()>>>,
}

/// What the task works with.
pub(crate) struct Shared {
    pub(crate) settings: ExportSettings,
    pub(crate) http: Arc<dyn HttpClient>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) counts: Arc<Counts>,
    /// The last batch had trouble. One line tells of it, and one of its end.
    troubled: AtomicBool,
}

impl Exporter {
    /// Starts exporting.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn start(
        settings: ExportSettings,
        http: Arc<dyn HttpClient>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let counts = Arc::<Counts>::default();
        let (queue, spans) = SpanQueue::new(Arc::clone(&counts));
        let shared = Shared {
            settings,
            http,
            clock,
            counts,
            troubled: AtomicBool::new(false),
        };
        let end = Arc::<Notify>::default();
        let task = tokio::spawn(run(shared, spans, Arc::clone(&end)));
        Self {
            queue,
            end,
            task: Mutex::new(Some(task)),
        }
    }

    /// Where spans are left.
    pub fn queue(&self) -> SpanQueue {
        self.queue.clone()
    }

    /// What became of the spans.
    pub fn counts(&self) -> ExportCounts {
        self.queue.counts()
    }

    /// Sends what waits, and ends. After this time it ends in any case.
    pub async fn shutdown(&self, within: Duration) {
        let task = self
            .task
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let Some(mut task) = task else {
            return;
        };
        self.end.notify_one();
        if timeout(within, &mut task).await.is_err() {
            task.abort();
            tracing::warn!("the last spans were not exported in time");
        }
    }
}

impl fmt::Debug for Exporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exporter").finish_non_exhaustive()
    }
}

async fn run(shared: Shared, mut spans: mpsc::Receiver<Span>, end: Arc<Notify>) {
    let mut batch = Vec::with_capacity(BATCH);
    let mut ends = std::pin::pin!(end.notified());
    loop {
        tokio::select! {
            // First: while spans keep coming, the end must be seen all the same.
            biased;
            () = &mut ends => break,
            first = spans.recv() => match first {
                Some(first) => batch.push(first),
                None => return,
            },
        }
        // A span waits for others for a while, so that each has not a request of its own.
        let filled = timeout(PATIENCE, fill(&mut spans, &mut batch));
        let ended = tokio::select! {
            biased;
            () = &mut ends => true,
            _ = filled => false,
        };
        if ended {
            break;
        }
        // The end cuts the pauses of a batch that the collector does not take.
        let delivered = tokio::select! {
            () = shared.deliver(&batch) => true,
            () = &mut ends => false,
        };
        if !delivered {
            break;
        }
        batch.clear();
    }
    // From here on nothing waits any more: whoever has spans counts them as dropped.
    spans.close();
    loop {
        while batch.len() < BATCH
            && let Ok(span) = spans.try_recv()
        {
            batch.push(span);
        }
        if batch.is_empty() {
            return;
        }
        shared.deliver(&batch).await;
        batch.clear();
    }
}

async fn fill(spans: &mut mpsc::Receiver<Span>, batch: &mut Vec<Span>) {
    while batch.len() < BATCH {
        match spans.recv().await {
            Some(span) => batch.push(span),
            None => return,
        }
    }
}

impl Shared {
    pub(crate) fn works(&self) {
        if self.troubled.swap(false, Ordering::Relaxed) {
            tracing::info!("the collector takes spans again");
        }
    }

    pub(crate) fn fails(&self, why: &str) {
        if !self.troubled.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                why,
                "spans cannot be exported; the metrics count those that are dropped"
            );
        }
    }
}
