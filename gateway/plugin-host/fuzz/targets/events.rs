//! Any sequence of events against the SDK's side of the ABI.
#![no_main]

#[path = "../../../../plugins/sdk/tests/boundary/events.rs"]
mod events;
#[path = "../../../../plugins/sdk/tests/boundary/host.rs"]
mod host;
#[expect(dead_code, reason = "the tests of the SDK use all of it")]
#[path = "../../../../plugins/sdk/tests/boundary/plugin.rs"]
mod plugin;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| events::check(bytes));
