//! The C table, driven as the gateway drives it, in one process. No library, file or clock is
//! involved, so `cargo +nightly miri test -p plugins-sdk --test boundary` can watch every step.
#![cfg(test)]

#[path = "boundary/compat.rs"]
mod compat;
#[path = "boundary/events.rs"]
mod events;
#[path = "boundary/faults.rs"]
mod faults;
#[path = "boundary/flow.rs"]
mod flow;
#[path = "boundary/host.rs"]
mod host;
#[path = "boundary/plugin.rs"]
mod plugin;
#[path = "boundary/random.rs"]
mod random;
#[path = "boundary/signing.rs"]
mod signing;
