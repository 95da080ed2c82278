//! The inspector on any bytes.
#![no_main]

#[path = "../oracle/inspect.rs"]
mod inspect;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| inspect::check(bytes));
