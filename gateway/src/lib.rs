//! The composition root of Waybill: it makes the parts, joins them and runs them.
//!
//! Start at [`Gateway::start`], which makes the parts in the order of their dependencies. The binary
//! hands [`Commands`] to the command line (`gateway-cli`). Nothing but
//! tests, benches and examples depends on this crate.

pub mod clock;
mod commands;
mod composition;
mod hand_over;
mod lifecycle;
mod plugin_worker;
mod service_manager;
mod signals;
mod successor_process;
mod take_over;
pub mod telemetry;

/// The configuration, for embedding programs.
pub use gateway_config as config;

pub use commands::Commands;
pub use composition::{
    ControlError, ControlPlane, Gateway, Overrides, ShutdownReport, StartError, Starting, TlsError,
};
pub use gateway_otlp::LogQueue;
pub use gateway_plugin_host::WorkerProgram;
pub use gateway_proxy::InheritedSockets;
pub use plugin_worker::{is_plugin_worker, plugin_worker};
