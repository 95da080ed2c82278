//! Shared parts of the benches: a load generator that costs little, and the figures of a process.

pub mod ask;
pub mod cases;
pub mod client;
pub mod generator;
pub mod process;
pub mod reading;
pub mod wire;

use std::time::Instant;

/// The benches' only clock: what is measured here is time itself.
#[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
pub fn now() -> Instant {
    Instant::now()
}
