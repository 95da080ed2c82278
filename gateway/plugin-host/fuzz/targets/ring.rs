//! What the gateway reads from the memory that it shares with a worker process, on any bytes.
#![no_main]

#[path = "../../tests/it/hostile_ring.rs"]
mod hostile_ring;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    hostile_ring::check(bytes);
});
