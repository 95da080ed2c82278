//! Batches of spans or lines of the log, until the end.

use crate::{
    client::Client,
    counts::ExportCounts,
    exporting::exporting,
    queue::Queue,
    signal::Signal,
    target::ExportSettings,
};
use gateway_http_client::HttpClient;
use gateway_model::Clock;
use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
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

/// Exports spans or lines of the log. Dropping it leaves the task running until the runtime ends;
/// [`Exporter::shutdown`] sends what is there.
pub struct Exporter<T> {
    queue: Queue<T>,
    end: Arc<Notify>,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl<T: Signal> Exporter<T> {
    /// Starts exporting what is left in the queue. A queue has one exporter; a second one does nothing.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn start(
        settings: ExportSettings,
        http: Arc<dyn HttpClient>,
        clock: Arc<dyn Clock>,
        queue: Queue<T>,
    ) -> Self {
        let what = (T::NAME, T::PATH);
        let client = Client::new(settings, http, clock, Arc::clone(&queue.counts), what);
        let end = Arc::<Notify>::default();
        let task = queue.receiver().map(|waiting| {
            let end = Arc::clone(&end);
            tokio::spawn(exporting(run(client, waiting, end)))
        });
        Self {
            queue,
            end,
            task: Mutex::new(task),
        }
    }

    /// Where they are left.
    pub fn queue(&self) -> Queue<T> {
        self.queue.clone()
    }

    /// What became of them.
    pub fn counts(&self) -> ExportCounts {
        self.queue.counts()
    }

    /// Sends what waits, and ends. After this time it ends in any case.
    pub async fn shutdown(&self, within: Duration) {
        end(&self.task, &self.end, T::NAME, within).await;
    }
}

/// Lets a task end by itself within this time.
pub(crate) async fn end(
    task: &Mutex<Option<JoinHandle<()>>>,
    end: &Notify,
    what: &str,
    within: Duration,
) {
    let task = task.lock().unwrap_or_else(PoisonError::into_inner).take();
    let Some(mut task) = task else {
        return;
    };
    end.notify_one();
    if timeout(within, &mut task).await.is_err() {
        task.abort();
        tracing::warn!("the last {what} were not exported in time");
    }
}

impl<T> fmt::Debug for Exporter<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exporter").finish_non_exhaustive()
    }
}

async fn run<T: Signal>(client: Client, mut waiting: mpsc::Receiver<T>, end: Arc<Notify>) {
    let mut batch = Vec::with_capacity(BATCH);
    let mut ends = std::pin::pin!(end.notified());
    loop {
        tokio::select! {
            // First: while spans keep coming, the end must be seen all the same.
            biased;
            () = &mut ends => break,
            first = waiting.recv() => match first {
                Some(first) => batch.push(first),
                None => return,
            },
        }
        // A span waits for others for a while, so that each has not a request of its own.
        let filled = timeout(PATIENCE, fill(&mut waiting, &mut batch));
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
            () = client.deliver(&batch) => true,
            () = &mut ends => false,
        };
        if !delivered {
            break;
        }
        batch.clear();
        client.tell_dropped(false);
    }
    // From here on nothing waits any more: whoever has spans counts them as dropped.
    waiting.close();
    loop {
        while batch.len() < BATCH
            && let Ok(item) = waiting.try_recv()
        {
            batch.push(item);
        }
        if batch.is_empty() {
            client.tell_dropped(true);
            return;
        }
        client.deliver(&batch).await;
        batch.clear();
    }
}

async fn fill<T>(waiting: &mut mpsc::Receiver<T>, batch: &mut Vec<T>) {
    while batch.len() < BATCH {
        match waiting.recv().await {
            Some(item) => batch.push(item),
            None => return,
        }
    }
}
