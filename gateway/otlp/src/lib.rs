//! Exports spans, lines of the log and metrics to an OpenTelemetry collector: OTLP over HTTP with protobuf.
//!
//! Who has a span or a line puts it into a bounded queue and goes on. What the queue has no room for is dropped and
//! counted, so a collector that is away, slow or refusing costs spans and never a request. One task takes batches from
//! the queue, and keeps a batch only as long as the collector says that it may be sent again. Metrics need no queue:
//! they are read when they are sent, and what is lost comes with the next time.
//!
//! Modules, in the order in which a span meets them: `queue` → `exporter` (batches, pauses, the end) → `encode` (forms
//! on the wire, as `signal` names them) → `delivery` (one batch, sent until it is taken or given up) → `client` (one
//! request, and what is said of trouble) → `answer` (what the collector said). `counts` is what is counted on the way.
//! `metrics` is the exporter of metrics. `exporting` tells the log which lines are about an export, because exporting
//! those would never end.

mod answer;
mod client;
mod counts;
mod delivery;
mod encode;
mod exporter;
mod exporting;
mod metrics;
mod queue;
mod signal;
mod target;

pub use counts::ExportCounts;
pub use exporter::Exporter;
pub use exporting::is_exporting;
pub use metrics::MetricExporter;
pub use queue::{LogQueue, Queue, SpanQueue};
pub use signal::Signal;
pub use target::{ExportSettings, Resource, Target};
