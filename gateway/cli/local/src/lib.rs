//! Commands of `waybill` that open the store's files or load plugin files on this machine. A command
//! that asks a running gateway is in `gateway-cli` and needs none of this.

mod check_config;
mod plugin;
mod runtime;
mod store;

pub use check_config::check_config;
pub use plugin::plugin;
pub use store::{backup_key, backup_store, create_store, recipient, restore};
