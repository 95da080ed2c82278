//! What monitoring sees of a gateway: metrics, traces, and the dashboard and alerts that come with it.

mod collector;
mod export;
mod log_export;
mod metrics_export;
mod names;
mod prometheus;
mod spans;
mod trace_context;
