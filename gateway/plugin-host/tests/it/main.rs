//! The plugin host against real libraries: C plugins compiled here, and Rust plugins.
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    clippy::unwrap_in_result,
    reason = "helpers of tests fail the test that called them"
)]

mod allocations;
#[path = "../../fuzz/oracle/answers.rs"]
mod answers;
mod catalog;
mod consent;
mod contract;
mod drive;
mod evil;
mod files;
mod hostile_ring;
mod mutated;
#[path = "../../fuzz/oracle/inspect.rs"]
mod oracle;
mod quarantine;
mod registry;
mod sign;
mod sign_in_worker;
mod slots;
mod support;
mod trust;
mod ups;
mod worker;
