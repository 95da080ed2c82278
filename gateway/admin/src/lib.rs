//! The admin listener: the admin API, health, readiness and metrics.
//!
//! | Route | Response |
//! |---|---|
//! | `GET /healthz` | 200 while the process serves this listener |
//! | `GET /readyz` | 200 if requests can be served, otherwise 503; with the state of each part |
//! | `GET /metrics` | metrics for Prometheus (OpenMetrics text, or the older text format) |
//! | `/api/v1/…` | the admin API, for holders of an admin token; `api.rs` lists its routes |
//! | `GET /openapi.json` | the API's OpenAPI document |
//! | `GET /oauth/callback` | the end of a consent: a page for a person |
//! | `/ui`, `/ui/…` | the web interface; `ui.rs` lists its pages. `/` leads there |
//! | anything else | 404 or 405, as JSON |
//!
//! Every request passes the check of its `Host` field first (`host.rs`), so that no web page reaches
//! this listener through a DNS name that resolves to it.
//!
//! Modules, from the bottom up: `error`, `host`, `client_address`, `handle`, `throttle`, `acceptor`,
//! `connections`, `runtime_status`, `readiness`, `metrics`, `store_probe`, `content`, `live` → `context` (what every
//! request needs) → `event_stream` → `api`, `ui` →
//! `routes`, `connection` → `server`.
//!
//! Invariants: the data plane does not depend on this crate. Only a handler with an admin token, a
//! session that began with one, an invitation, or a consent's state reaches the control plane.

mod acceptor;
mod api;
mod client_address;
mod connection;
mod connections;
mod content;
mod context;
mod error;
mod event_stream;
mod handle;
mod host;
mod labels;
mod live;
mod metrics;
mod readiness;
mod routes;
mod runtime_status;
mod server;
mod store_probe;
mod throttle;
mod ui;

pub use handle::{AdminAccess, AdminHandle};
pub use host::AllowedHosts;
pub use metrics::Metrics;
pub use readiness::Latch;
pub use runtime_status::{ExportCounts, Exported, PluginStatus, PluginWorkerStatus, RuntimeStatus};
pub use server::{Admin, AdminOptions, BindError, Bound};
