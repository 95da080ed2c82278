//! The composition root of Waybill: configuration, command line, life cycle.
//!
//! Start at [`Gateway::start`], which makes the parts and joins them; `waybill serve` is
//! [`serve`]. Nothing but tests, benches and examples depends on this crate.

pub mod cli;
pub mod clock;
mod composition;
mod lifecycle;
pub mod telemetry;

/// The configuration, for embedding programs.
pub use gateway_config as config;

pub use composition::{ControlError, ControlPlane, Ended, Gateway, Seams, StartError, TlsError};
pub use lifecycle::serve;
