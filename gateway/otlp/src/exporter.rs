//! Batches of spans or lines of the log, until the end.

use crate::{
    client::Client, counts::ExportCounts, exporting::exporting, queue::Queue, signal::Signal,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{SpanQueue, Target};
    use gateway_http_client::{HttpError, HttpRequest, HttpResponse};
    use gateway_model::{Span, SpanId, SpanKind, SpanSink as _, TraceId};
    use http::{HeaderMap, StatusCode};
    use std::{
        io,
        pin::Pin,
        time::{Instant, SystemTime},
    };

    /// Takes everything, and says a line about it.
    struct Taking;

    impl HttpClient for Taking {
        fn send(
            &self,
            _: HttpRequest,
        ) -> Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + '_>> {
            assert!(crate::is_exporting(), "its lines are not exported");
            Box::pin(async {
                Ok(HttpResponse {
                    status: StatusCode::OK,
                    headers: HeaderMap::new(),
                    body: bytes::Bytes::new(),
                })
            })
        }
    }

    struct TestClock;

    impl Clock for TestClock {
        #[expect(clippy::disallowed_methods, reason = "the test needs any instant")]
        fn now(&self) -> Instant {
            Instant::now()
        }

        fn wall(&self) -> SystemTime {
            SystemTime::UNIX_EPOCH
        }
    }

    /// What was logged.
    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Log {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let mut log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            log.extend(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn what_a_full_queue_drops_is_counted_and_said() {
        let log = Log::default();
        let writer = log.clone();
        let lines = tracing_subscriber::fmt().with_writer(move || writer.clone());
        let _lines = tracing::subscriber::set_default(lines.with_ansi(false).finish());
        let queue = SpanQueue::new();
        for _ in 0..10_000 {
            queue.record(Span {
                trace: TraceId([1; 16]),
                id: SpanId([2; 8]),
                parent: None,
                name: String::new(),
                kind: SpanKind::Server,
                began: SystemTime::UNIX_EPOCH,
                ended: SystemTime::UNIX_EPOCH,
                attributes: Vec::new(),
                links: Vec::new(),
                failure: None,
            });
        }
        let settings = ExportSettings {
            target: Target {
                endpoint: String::new(),
                headers: HeaderMap::new(),
                timeout: Duration::ZERO,
            },
            resource: Vec::new(),
        };
        let exporter = Exporter::start(settings, Arc::new(Taking), Arc::new(TestClock), queue);
        exporter.shutdown(Duration::from_secs(30)).await;
        let counts = exporter.counts();
        assert_eq!((counts.exported, counts.dropped_full), (8_192, 1_808));
        let log = log.0.lock().expect("no test panics in it");
        let log = String::from_utf8_lossy(&log);
        assert!(log.contains("spans were dropped"), "{log}");
        assert!(log.contains("dropped=1808"), "{log}");
    }
}
