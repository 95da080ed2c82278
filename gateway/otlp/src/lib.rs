//! Exports spans to an OpenTelemetry collector: OTLP over HTTP with protobuf, in batches.
//!
//! A worker puts a span into a bounded queue and goes on. What the queue has no room for is dropped and counted, so
//! a collector that is away, slow or refusing costs spans and never a request. One task takes batches from the
//! queue, and keeps a batch only as long as the collector says that it may be sent again.
//!
//! Modules, in the order in which a span meets them: `queue` → `exporter` (batches, pauses, the end) → `encode` (its
//! form on the wire) → `delivery` (one batch, sent until it is taken or given up) → `answer` (what the collector
//! said). `counts` is what is counted on the way.

mod answer;
mod counts;
mod delivery;
mod encode;
mod exporter;
mod queue;
mod target;

pub use counts::ExportCounts;
pub use exporter::{ExportSettings, Exporter};
pub use queue::SpanQueue;
pub use target::{Resource, Target};
