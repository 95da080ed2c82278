//! The plugin host against real libraries: C plugins compiled here, and Rust plugins.

mod catalog;
mod contract;
mod drive;
mod files;
mod mutated;
mod quarantine;
mod support;
