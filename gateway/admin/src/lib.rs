//! The admin listener: health, readiness, metrics.
//!
//! | Route | Answer |
//! |---|---|
//! | `GET /healthz` | 200 while the process serves this listener |
//! | `GET /readyz` | 200 when requests can be served, else 503; with each part and why |
//! | `GET /metrics` | counters for Prometheus (OpenMetrics text) |
//! | anything else | 404 or 405, as JSON |
//!
//! Every request is checked for its `Host` first (`host.rs`), so that no web page reaches this
//! listener through a name that resolves to it.
//!
//! Invariant: the data plane does not depend on this crate, and nothing here changes anything.

pub mod client;
mod error;
mod host;
mod labels;
mod metrics;
mod readiness;
mod server;
mod sources;
mod wire;

pub use host::AllowedHosts;
pub use readiness::Latch;
pub use server::{Admin, AdminOptions, BindError, Bound};
pub use sources::{PluginStatus, Sources};
pub use wire::{BackupRequest, ErrorBody, ErrorDetail};
