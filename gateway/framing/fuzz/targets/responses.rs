//! Responses that the guard approves are read alike by httparse and by hyper's client.
#![no_main]

#[path = "../oracle/responses.rs"]
mod responses;
#[path = "../oracle/runtime.rs"]
mod runtime;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| responses::check(bytes));
