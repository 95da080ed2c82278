//! What the gateway reads from a plugin's worker process, on any bytes.
#![no_main]

#[path = "../oracle/answers.rs"]
mod answers;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| answers::check(bytes));
