//! `/metrics`: the names and meanings of all metrics.
//!
//! The names start with `waybill_`, but for those of the process, which are the same for all programs. Each says
//! its unit; a counter's name ends with `_total`. Label values are names that the operator or this program chose,
//! so their number is bounded and none is a secret. `docs/observability.md` lists all names.

mod accounts;
mod classic;
mod control_plane;
mod data_plane;
mod process;

use crate::{labels::Writer, runtime_status::RuntimeStatus};
use gateway_model::{Clock, MetricFamily, MetricSource, MetricUnit};
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, text},
    registry::Registry,
};
use std::{fmt, sync::Arc};

/// What the names of the gateway's own metrics begin with.
const PREFIX: &str = "waybill";

/// How the text is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// What Prometheus asks for.
    OpenMetrics,
    /// What everything else reads.
    Classic,
}

impl Format {
    /// The format that a client's `Accept` asks for.
    pub(crate) fn of(accept: &str) -> Self {
        if accept.contains("application/openmetrics-text") {
            Self::OpenMetrics
        } else {
            Self::Classic
        }
    }

    pub(crate) const fn content_type(self) -> &'static str {
        match self {
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            Self::Classic => "text/plain; version=0.0.4; charset=utf-8",
        }
    }
}

/// All metrics as text.
pub(crate) fn render(
    runtime: &Arc<dyn RuntimeStatus>,
    clock: &Arc<dyn Clock>,
    format: Format,
) -> String {
    // A registry for each scrape: the numbers live elsewhere and are only read here.
    let mut registry = Registry::default();
    let own = registry.sub_registry_with_prefix(PREFIX);
    own.register_collector(Box::new(Own(Metrics {
        runtime: Arc::clone(runtime),
        clock: Arc::clone(clock),
    })));
    registry.register_collector(Box::new(Process));
    let mut text = String::new();
    text::encode(&mut text, &registry).expect("a string takes text");
    match format {
        Format::OpenMetrics => text,
        Format::Classic => classic::of(&text),
    }
}

/// The metrics of `/metrics` for an exporter: the same numbers, read by the same code.
pub struct Metrics {
    /// What they are read from.
    pub runtime: Arc<dyn RuntimeStatus>,
    /// The clock for times that are left.
    pub clock: Arc<dyn Clock>,
}

impl MetricSource for Metrics {
    fn families(&self) -> Vec<MetricFamily> {
        let mut families = Vec::new();
        let own = self.write(&mut Writer::Families(Some(PREFIX), &mut families));
        let process = process::write(&mut Writer::Families(None, &mut families));
        own.and(process).expect("a list takes all");
        families
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}

/// The gateway's own metrics, for the text.
#[derive(Debug)]
struct Own(Metrics);

impl Collector for Own {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        self.0.write(&mut Writer::Text(encoder))
    }
}

/// The metrics of the process, for the text.
#[derive(Debug)]
struct Process;

impl Collector for Process {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        process::write(&mut Writer::Text(encoder))
    }
}

impl Metrics {
    fn write(&self, out: &mut Writer<'_>) -> fmt::Result {
        let runtime = &*self.runtime;
        // Always 1: the fact is in the label, as is the custom for build information.
        let version = vec![("version", env!("CARGO_PKG_VERSION"))];
        out.gauges(
            "build_info",
            "The running version",
            MetricUnit::Count,
            [(version, 1.0)],
        )?;
        // One snapshot for all metrics, so that they agree with each other.
        let snapshot = runtime.data_plane();
        data_plane::connections(out, &snapshot)?;
        data_plane::requests(out, &snapshot)?;
        data_plane::operations(out, &snapshot.series)?;
        let (accounts, now) = (runtime.accounts(), self.clock.wall());
        accounts::sums(out, &accounts, now)?;
        if runtime.account_series() {
            accounts::traffic(out, &snapshot, &accounts)?;
            accounts::each(out, &accounts, now)?;
        }
        out.gauge(
            "store_usable",
            "1 if the store took a write at the last try",
            u64::from(runtime.store_usable()),
        )?;
        out.gauge(
            "notices_open",
            "Open notices about accounts",
            runtime.notices_open(),
        )?;
        control_plane::fleet(out, runtime)?;
        control_plane::broker(out, &runtime.broker())?;
        control_plane::plugins(out, &runtime.plugins())?;
        control_plane::exports(out, runtime)?;
        out.counter(
            "log_lines_dropped",
            "Log lines dropped because the log's reader was too slow",
            runtime.dropped_log_lines(),
        )
    }
}
