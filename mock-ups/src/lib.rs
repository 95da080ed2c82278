//! UPS, offline.

pub mod api;
mod error;
