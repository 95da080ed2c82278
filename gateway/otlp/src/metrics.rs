//! Metrics: read and sent again and again. They are cumulative, so what a collector does not take comes with the next
//! time, and nothing is sent twice.

use crate::{
    answer::Answer,
    client::Client,
    counts::{Counts, ExportCounts},
    delivery::LONGEST_PAUSE,
    encode,
    exporter::end,
    exporting::exporting,
    target::ExportSettings,
};
use gateway_http_client::HttpClient;
use gateway_model::{Clock, MetricFamily, MetricSource};
use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};
use tokio::{sync::Notify, task::JoinHandle, time::sleep};

/// Exports metrics, while it has a source of them.
pub struct MetricExporter {
    shared: Arc<Shared>,
    end: Arc<Notify>,
    task: Mutex<Option<JoinHandle<()>>>,
}

struct Shared {
    client: Client,
    interval: Duration,
    /// No count began before.
    began: SystemTime,
    source: Mutex<Source>,
    changed: Notify,
}

/// Where metrics are read from.
#[derive(Default)]
enum Source {
    #[default]
    None,
    Live(Arc<dyn MetricSource>),
    /// What a source said at its end.
    Last(Snapshot),
}

/// Metrics at one moment.
struct Snapshot {
    families: Vec<MetricFamily>,
    at: SystemTime,
}

impl MetricExporter {
    /// Starts exporting, as soon as there is a source.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn start(
        settings: ExportSettings,
        http: Arc<dyn HttpClient>,
        clock: Arc<dyn Clock>,
        interval: Duration,
    ) -> Self {
        let began = clock.wall();
        let what = ("metrics", "/v1/metrics");
        let counts = Arc::<Counts>::default();
        let shared = Arc::new(Shared {
            client: Client::new(settings, http, clock, counts, what),
            interval,
            began,
            source: Mutex::default(),
            changed: Notify::new(),
        });
        let end = Arc::<Notify>::default();
        let task = run(Arc::clone(&shared), Arc::clone(&end));
        Self {
            shared,
            end,
            task: Mutex::new(Some(tokio::spawn(exporting(task)))),
        }
    }

    /// Reads from this source from now on. The first export is made at once.
    pub fn attach(&self, source: Arc<dyn MetricSource>) {
        *self.shared.source() = Source::Live(source);
        self.shared.changed.notify_one();
    }

    /// Reads a last time, and lets the source go.
    pub fn detach(&self) {
        let source = std::mem::take(&mut *self.shared.source());
        if let Source::Live(live) = source {
            let last = self.shared.read(&*live);
            *self.shared.source() = Source::Last(last);
            self.shared.changed.notify_one();
        }
    }

    /// What became of the values.
    pub fn counts(&self) -> ExportCounts {
        self.shared.client.counts.snapshot()
    }

    /// Exports a last time, and ends. After this time it ends in any case.
    pub async fn shutdown(&self, within: Duration) {
        end(&self.task, &self.end, "metrics", within).await;
    }
}

impl fmt::Debug for MetricExporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MetricExporter").finish_non_exhaustive()
    }
}

async fn run(shared: Arc<Shared>, end: Arc<Notify>) {
    let mut ends = std::pin::pin!(end.notified());
    let mut pause = shared.interval;
    loop {
        tokio::select! {
            biased;
            () = &mut ends => break,
            () = shared.changed.notified() => {}
            () = sleep(pause) => {}
        }
        // Not cut short by the end: what a source said last is said once.
        pause = shared.interval.max(shared.export().await);
    }
    shared.export().await;
}

impl Shared {
    fn source(&self) -> MutexGuard<'_, Source> {
        self.source.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read(&self, source: &dyn MetricSource) -> Snapshot {
        Snapshot {
            families: source.families(),
            at: self.client.clock.wall(),
        }
    }

    fn snapshot(&self) -> Option<Snapshot> {
        let live = {
            let mut source = self.source();
            match std::mem::take(&mut *source) {
                Source::None => return None,
                Source::Last(last) => return Some(last),
                Source::Live(live) => {
                    *source = Source::Live(Arc::clone(&live));
                    live
                }
            }
        };
        // Without the lock: a source takes locks of its own.
        Some(self.read(&*live))
    }

    /// Exports what the source says, once. Returns how long the collector wants to be left alone.
    async fn export(&self) -> Duration {
        let Some(Snapshot { families, at }) = self.snapshot() else {
            return Duration::ZERO;
        };
        let requests = encode::metrics(&self.client.settings.resource, &families, self.began, at);
        let mut pause = Duration::ZERO;
        for (points, body) in requests {
            let answer = self.client.send(body).await;
            self.client.count(&answer, points);
            if let Answer::Later(after, _) = answer {
                pause = pause.max(after.unwrap_or_default());
            }
        }
        pause.min(LONGEST_PAUSE)
    }
}
