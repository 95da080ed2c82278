//! The control plane: what an operator does, whatever the surface.
//!
//! [`ControlPlane`] joins store, broker and plugins. The admin API is HTTP over it, the CLI is a
//! client of that; the data plane does not know it.

mod accounts;
mod admins;
mod apps;
mod backup;
mod consent;
mod doctor;
mod error;
mod migration;
mod plane;
mod probe;
mod tokens;
mod trail;
pub mod view;

pub use admins::Identity;
pub use error::{ControlError, Fault};
pub use plane::{Actor, ControlPlane};
