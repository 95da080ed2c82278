//! Distributed traces: the exporter, and what the data plane is told of it.

use gateway_config::{Collector, Config};
use gateway_http_client::{HyperClient, TrustError};
use gateway_model::{Clock, SpanSink};
use gateway_otlp::{ExportSettings, Exporter, Resource, Target};
use gateway_proxy::TraceSettings;
use http::{HeaderMap, HeaderName, HeaderValue};
use rustls::RootCertStore;
use std::sync::Arc;

/// Starts the exporter, if there is a collector. It is idle until there is a span.
pub(super) fn exporter(
    config: &Config,
    roots: &RootCertStore,
    clock: &Arc<dyn Clock>,
) -> Result<Option<Arc<Exporter>>, TrustError> {
    let Some(collector) = &config.telemetry.collector else {
        return Ok(None);
    };
    let http = HyperClient::with_roots(roots.clone())?;
    let settings = ExportSettings {
        target: Target {
            endpoint: collector.endpoint.clone(),
            headers: headers(collector),
            timeout: collector.timeout,
        },
        resource: resource(collector),
    };
    let exporter = Exporter::start(settings, Arc::new(http), Arc::clone(clock));
    Ok(Some(Arc::new(exporter)))
}

/// What the data plane does about traces.
pub(super) fn settings(config: &Config, exporter: Option<&Exporter>) -> TraceSettings {
    TraceSettings {
        context: config.telemetry.trace_context,
        sample_ratio: config.telemetry.sample_ratio,
        sink: exporter.map(|exporter| Arc::new(exporter.queue()) as Arc<dyn SpanSink>),
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

fn resource(collector: &Collector) -> Resource {
    let own = [
        ("service.name", collector.service_name.as_str()),
        ("service.version", env!("CARGO_PKG_VERSION")),
    ];
    let own = own.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let more = collector.attributes.clone();
    // The operator's word counts, where both have one.
    let own = own.into_iter().filter(|(name, _)| !more.contains_key(name));
    own.chain(more.clone()).collect()
}
