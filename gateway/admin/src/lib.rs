//! The admin listener: the admin API, health, readiness, metrics; and the API's typed client.
//!
//! | Route | Answer |
//! |---|---|
//! | `GET /healthz` | 200 while the process serves this listener |
//! | `GET /readyz` | 200 when requests can be served, else 503; with each part and why |
//! | `GET /metrics` | counters for Prometheus (OpenMetrics text) |
//! | `/api/v1/…` | the admin API, for who has an admin token; its table of routes is in `api.rs` |
//! | `GET /openapi.json` | the API's description |
//! | `GET /oauth/callback` | the end of a consent: a page for a person |
//! | anything else | 404 or 405, as JSON |
//!
//! Every request is checked for its `Host` first (`host.rs`), so that no web page reaches this
//! listener through a name that resolves to it.
//!
//! Invariant: the data plane does not depend on this crate, and only handlers with a token or a
//! consent's state reach the control plane.

mod api;
mod error;
mod host;
mod labels;
mod metrics;
mod readiness;
mod server;
mod sources;
mod store_look;

pub use host::AllowedHosts;
pub use readiness::Latch;
pub use server::{Admin, AdminOptions, BindError, Bound};
pub use sources::{PluginStatus, Sources};
