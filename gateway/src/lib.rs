//! The composition root.

pub mod clock;
pub mod config;
