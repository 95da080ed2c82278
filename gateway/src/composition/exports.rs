//! What is exported to a collector: spans, metrics, lines of the log. Without a collector there is nothing here.

use super::{error::StartError, random};
use gateway_admin::{ExportCounts, Exported};
use gateway_config::{Collector, Config};
use gateway_http_client::{HttpClient, HyperClient};
use gateway_model::{Clock, LogRecord, MetricSource, Span, SpanSink};
use gateway_otlp::{
    ExportSettings, Exporter, LogQueue, MetricExporter, Resource, SpanQueue, Target,
};
use gateway_proxy::TraceSettings;
use http::{HeaderMap, HeaderName, HeaderValue};
use rustls::RootCertStore;
use std::{sync::Arc, time::Duration};

/// The exporters that the configuration asks for. They are idle until there is something to export.
#[derive(Debug, Default)]
pub(super) struct Exports {
    spans: Option<Exporter<Span>>,
    logs: Option<Exporter<LogRecord>>,
    metrics: Option<MetricExporter>,
}

impl Exports {
    /// Starts the exporters. The lines of the log come from this queue, which may have some already.
    pub(super) fn start(
        config: &Config,
        roots: &RootCertStore,
        clock: &Arc<dyn Clock>,
        log: Option<LogQueue>,
    ) -> Result<Self, StartError> {
        let Some(collector) = &config.telemetry.collector else {
            return Ok(Self::default());
        };
        let http: Arc<dyn HttpClient> = Arc::new(HyperClient::with_roots(roots.clone())?);
        let settings = ExportSettings {
            target: Target {
                endpoint: collector.endpoint.clone(),
                headers: headers(collector),
                timeout: collector.timeout,
            },
            resource: resource(collector, random::random_uuid()?),
        };
        let parts = || (settings.clone(), Arc::clone(&http), Arc::clone(clock));
        let spans = collector.traces.then(|| {
            let (settings, http, clock) = parts();
            Exporter::start(settings, http, clock, SpanQueue::new())
        });
        let log = log.filter(|_| collector.logs);
        let logs = log.map(|queue| {
            let (settings, http, clock) = parts();
            Exporter::start(settings, http, clock, queue)
        });
        let metrics = collector.metrics.then(|| {
            let (settings, http, clock) = parts();
            MetricExporter::start(settings, http, clock, collector.metrics_interval)
        });
        Ok(Self {
            spans,
            logs,
            metrics,
        })
    }

    /// Takes spans, if they are exported.
    pub(super) fn span_sink(&self) -> Option<Arc<dyn SpanSink>> {
        let spans = self.spans.as_ref();
        spans.map(|exporter| Arc::new(exporter.queue()) as Arc<dyn SpanSink>)
    }

    /// What the data plane does about traces.
    pub(super) fn trace_settings(&self, config: &Config) -> TraceSettings {
        TraceSettings {
            context: config.telemetry.trace_context,
            sample_ratio: config.telemetry.sample_ratio,
            sink: self.span_sink(),
        }
    }

    /// Exports the metrics of this source, until what is returned is dropped.
    pub(super) fn attach(self: &Arc<Self>, source: impl MetricSource + 'static) -> Attached {
        if let Some(metrics) = &self.metrics {
            metrics.attach(Arc::new(source));
        }
        Attached(Arc::clone(self))
    }

    /// What became of what is exported.
    pub(super) fn counts(&self) -> Vec<(Exported, ExportCounts)> {
        let counts = [
            (Exported::Spans, self.spans.as_ref().map(Exporter::counts)),
            (
                Exported::LogRecords,
                self.logs.as_ref().map(Exporter::counts),
            ),
            (
                Exported::MetricPoints,
                self.metrics.as_ref().map(MetricExporter::counts),
            ),
        ];
        let counts = counts.into_iter();
        let counts = counts.filter_map(|(what, counts)| {
            let counts = counts?;
            let counts = ExportCounts {
                exported: counts.exported,
                dropped: [
                    ("queue_full", counts.dropped_full),
                    ("refused", counts.dropped_refused),
                    ("unreachable", counts.dropped_unreachable),
                ],
            };
            Some((what, counts))
        });
        counts.collect()
    }

    /// Sends what waits, and ends.
    pub(super) async fn end(&self, within: Duration) {
        let spans = async {
            if let Some(spans) = &self.spans {
                spans.shutdown(within).await;
            }
        };
        let logs = async {
            if let Some(logs) = &self.logs {
                logs.shutdown(within).await;
            }
        };
        let metrics = async {
            if let Some(metrics) = &self.metrics {
                metrics.shutdown(within).await;
            }
        };
        tokio::join!(spans, logs, metrics);
    }
}

/// A source of metrics that is read. Dropping this reads it a last time, and lets it go.
#[must_use = "dropping it ends the export of its metrics"]
#[derive(Debug)]
pub(super) struct Attached(Arc<Exports>);

impl Drop for Attached {
    fn drop(&mut self) {
        if let Some(metrics) = &self.0.metrics {
            metrics.detach();
        }
    }
}

fn headers(collector: &Collector) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in &collector.headers {
        let name = HeaderName::from_bytes(name.as_bytes());
        let value = HeaderValue::from_str(value.expose());
        // Both hold: the configuration checked them by the same rules.
        if let (Ok(name), Ok(mut value)) = (name, value) {
            value.set_sensitive(true);
            headers.append(name, value);
        }
    }
    headers
}

/// What is said about this gateway.
fn resource(collector: &Collector, instance: String) -> Resource {
    let own = [
        ("service.name", collector.service_name.clone()),
        ("service.version", env!("CARGO_PKG_VERSION").to_owned()),
        // Of the process: two that hand over to each other count apart for a while.
        ("service.instance.id", instance),
    ];
    let own = own.map(|(name, value)| (name.to_owned(), value));
    let more = collector.attributes.clone();
    // The operator's word counts, where both have one.
    let own = own.into_iter().filter(|(name, _)| !more.contains_key(name));
    own.chain(more.clone()).collect()
}
