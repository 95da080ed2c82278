//! `[telemetry]`: distributed traces, and the collector that gets them, the metrics and the log.

use super::consent::is_loopback;
use crate::{
    description::{Effect, Key, Kind, Preset, Section},
    reader::{At, Context, Table, shortened},
};
use gateway_model::Secret;
use std::{collections::BTreeMap, time::Duration};
use url::Url;

/// Distributed traces, and what is exported.
#[derive(Clone, Debug)]
pub struct Telemetry {
    /// Trace contexts are checked, and started for requests without one.
    pub trace_context: bool,
    /// The part of the traces that begin here whose spans are exported.
    pub sample_ratio: f64,
    /// The collector, if anything is exported.
    pub collector: Option<Collector>,
}

/// An OpenTelemetry collector.
#[derive(Clone, Debug)]
pub struct Collector {
    /// Its base URL, without a slash at the end.
    pub endpoint: String,
    /// Fields of each request.
    pub headers: Vec<(String, Secret)>,
    /// How long one request may take.
    pub timeout: Duration,
    /// Spans are exported.
    pub traces: bool,
    /// Metrics are exported.
    pub metrics: bool,
    /// How often metrics are exported.
    pub metrics_interval: Duration,
    /// The lines of the log are exported.
    pub logs: bool,
    /// The name of this service.
    pub service_name: String,
    /// What else is said about this gateway.
    pub attributes: BTreeMap<String, String>,
}

/// Longer names and values of attributes are mistakes.
const LONGEST_ATTRIBUTE: usize = 256;

static TRACE_CONTEXT: Key = Key {
    name: "trace_context",
    kind: Kind::Bool,
    preset: Preset::Bool(false),
    effect: Effect::Reload,
    doc: "Check the `traceparent` of each request, replace a malformed one, start a trace for a request \
          without one, and tell the carrier. Always on while spans are exported. When off, `traceparent` and \
          `tracestate` reach the carrier as the app sent them.",
};
static SAMPLE_RATIO: Key = Key {
    name: "sample_ratio",
    kind: Kind::Fraction { min: 0.0, max: 1.0 },
    preset: Preset::Fraction(1.0),
    effect: Effect::Reload,
    doc: "The part of the traces that begin at the gateway whose spans are exported. If an app sends a \
          trace context, its `sampled` flag decides instead.",
};
static ENDPOINT: Key = Key {
    name: "endpoint",
    kind: Kind::Text("\"http://127.0.0.1:4318\""),
    preset: Preset::Unset("nothing is exported"),
    effect: Effect::Restart,
    doc: "The base URL of an OpenTelemetry collector. The gateway sends spans to its path `/v1/traces`, \
          metrics to `/v1/metrics`, and lines of the log to `/v1/logs` (OTLP over HTTP, protobuf).",
};
static TRACES: Key = Key {
    name: "traces",
    kind: Kind::Bool,
    preset: Preset::Bool(true),
    effect: Effect::Restart,
    doc: "Export spans. Has no effect without `endpoint`.",
};
static METRICS: Key = Key {
    name: "metrics",
    kind: Kind::Bool,
    // Off: most collectors scrape `/metrics`, and the same numbers would be there twice.
    preset: Preset::Bool(false),
    effect: Effect::Restart,
    doc: "Export the metrics that `/metrics` has.",
};
static METRICS_INTERVAL: Key = Key {
    name: "metrics_interval",
    kind: Kind::Duration {
        min: Duration::from_secs(1),
        max: Duration::from_secs(3600),
    },
    preset: Preset::Text("60s"),
    effect: Effect::Restart,
    doc: "How often metrics are exported.",
};
static LOGS: Key = Key {
    name: "logs",
    kind: Kind::Bool,
    preset: Preset::Bool(false),
    effect: Effect::Restart,
    doc: "Export the lines of the log. They go to standard error as well.",
};
static HEADERS: Key = Key {
    name: "headers",
    kind: Kind::Secret,
    preset: Preset::Unset("none"),
    effect: Effect::Restart,
    doc: "Header fields of each request to the collector, such as the key of a service, as \
          `name=value,name=value`: the form of `OTEL_EXPORTER_OTLP_HEADERS`.",
};
static TIMEOUT: Key = Key {
    name: "timeout",
    kind: Kind::Duration {
        min: Duration::from_millis(100),
        max: Duration::from_secs(60),
    },
    preset: Preset::Text("10s"),
    effect: Effect::Restart,
    doc: "How long one request to the collector may take.",
};
static SERVICE_NAME: Key = Key {
    name: "service_name",
    kind: Kind::Text("\"waybill\""),
    preset: Preset::Text("waybill"),
    effect: Effect::Restart,
    doc: "The attribute `service.name` of all that is exported.",
};
static ATTRIBUTES: Key = Key {
    name: "attributes",
    kind: Kind::Map {
        name: "\"deployment.environment.name\"",
        value: "\"production\"",
    },
    preset: Preset::Unset("none"),
    effect: Effect::Restart,
    doc: "Further attributes of all that is exported.",
};

pub(crate) static SECTION: Section = Section {
    path: "telemetry",
    repeated: false,
    doc: "Distributed traces, and what the gateway exports to an OpenTelemetry collector \
          ([observability.md](observability.md#opentelemetry)). By default that is nothing.",
    keys: &[
        &TRACE_CONTEXT,
        &SAMPLE_RATIO,
        &ENDPOINT,
        &HEADERS,
        &TIMEOUT,
        &TRACES,
        &METRICS,
        &METRICS_INTERVAL,
        &LOGS,
        &SERVICE_NAME,
        &ATTRIBUTES,
    ],
};

impl Telemetry {
    pub(crate) fn read(cx: &mut Context<'_>, table: &Table<'_>) -> Self {
        let endpoint = endpoint(cx, table);
        let service_name = table.parsed(cx, &SERVICE_NAME, bounded);
        let service_name = service_name.map(|at| at.value).unwrap_or_default();
        let headers = headers(cx, table);
        if let Some(at) = &headers
            && endpoint.is_none()
        {
            cx.note(at.place.clone(), "headers has no effect without endpoint");
        }
        let (timeout, attributes) = (table.duration(cx, &TIMEOUT), attributes(cx, table));
        let metrics_interval = table.duration(cx, &METRICS_INTERVAL);
        let [traces, metrics, logs] = [&TRACES, &METRICS, &LOGS].map(|key| table.bool(cx, key));
        if endpoint.is_none() && (metrics || logs) {
            let message = "nothing is exported without endpoint";
            cx.note(table.place.clone(), message);
        }
        Self {
            trace_context: table.bool(cx, &TRACE_CONTEXT),
            sample_ratio: table.fraction(cx, &SAMPLE_RATIO),
            collector: endpoint.map(|endpoint| Collector {
                endpoint,
                headers: headers.map(|at| at.value).unwrap_or_default(),
                timeout,
                traces,
                metrics,
                metrics_interval,
                logs,
                service_name,
                attributes,
            }),
        }
    }
}

fn endpoint(cx: &mut Context<'_>, table: &Table<'_>) -> Option<String> {
    let At { value: url, place } = table.parsed(cx, &ENDPOINT, |text| {
        let url = text.parse::<Url>().ok();
        let url = url.filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        let plain = |url: &Url| {
            let user = !url.username().is_empty() || url.password().is_some();
            !user && url.query().is_none() && url.fragment().is_none()
        };
        // Not quoted: what is wrong with it may be a password in it.
        url.filter(plain)
            .ok_or("not an http or https URL without user, query and fragment")
    })?;
    if url.scheme() == "http" && !is_loopback(&url) {
        let message = "what is exported goes over plain http: names of accounts and apps can be \
                       read on the way";
        cx.note(place, message);
    }
    Some(url.as_str().trim_end_matches('/').to_owned())
}

fn headers(cx: &mut Context<'_>, table: &Table<'_>) -> Option<At<Vec<(String, Secret)>>> {
    let At { value, place } = table.secret(cx, &HEADERS)?;
    match pairs(value.expose()) {
        Ok(value) => Some(At { value, place }),
        Err(found) => {
            let message = format!("{}: {found}", table.label(&HEADERS));
            cx.mistake(place, message, "write name=value,name=value");
            None
        }
    }
}

/// The fields. No error quotes anything of the text.
fn pairs(text: &str) -> Result<Vec<(String, Secret)>, &'static str> {
    let is_token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    let pairs = text.split(',').map(str::trim);
    let pairs = pairs.filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair
            .split_once('=')
            .ok_or("a field has no '=' between its name and its value")?;
        let (name, value) = (name.trim(), value.trim());
        if name.is_empty() || !name.bytes().all(is_token) {
            return Err("the name of a field has a character that no name may have");
        }
        if !value.bytes().all(|b| matches!(b, b' '..=b'~')) {
            return Err("the value of a field has a character that no value may have");
        }
        Ok((name.to_ascii_lowercase(), Secret::new(value.to_owned())))
    });
    pairs.collect()
}

fn attributes(cx: &mut Context<'_>, table: &Table<'_>) -> BTreeMap<String, String> {
    let mut attributes = BTreeMap::new();
    for (name, (place, texts)) in table.map(cx, &ATTRIBUTES) {
        let [At { value: text, .. }] = texts.as_slice() else {
            table.refuse(cx, &ATTRIBUTES, place, "a list");
            continue;
        };
        match bounded(&name).and_then(|_| bounded(text)) {
            Ok(text) => {
                attributes.insert(name, text);
            }
            Err(error) => {
                let message = format!("{} {}: {error}", table.label(&ATTRIBUTES), shortened(&name));
                cx.mistake(place, message, "write a shorter text");
            }
        }
    }
    attributes
}

fn bounded(text: &str) -> Result<String, &'static str> {
    let fits = (1..=LONGEST_ATTRIBUTE).contains(&text.len());
    fits.then(|| text.to_owned())
        .ok_or("a name or value has 1 to 256 bytes")
}
