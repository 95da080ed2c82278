//! Requests that the guard approves are read alike by httparse and by hyper's server.
#![no_main]

#[path = "../oracle/requests.rs"]
mod requests;
#[path = "../oracle/runtime.rs"]
mod runtime;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| requests::check(bytes));
