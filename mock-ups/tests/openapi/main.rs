//! Every JSON answer of the mock against UPS's official OpenAPI files.
//!
//! The files are not part of this project. They are read from the directory that `UPS_OPENAPI_DIR`
//! names, or from `shared/ups-openapi` beside the workspace; without them these tests say that they
//! were skipped. Where live answers differ from the specification, [`deviations`] changes the
//! specification and says why. Members that the specification does not know are refused.
#![expect(
    clippy::panic,
    clippy::unwrap_in_result,
    clippy::print_stdout,
    reason = "what only tests use fails like a test, and a skipped check is said aloud"
)]

mod addresses;
mod client;
mod consumer;
mod dangerous_goods;
mod declared;
mod delivery_intercept;
mod deviations;
mod forwarding;
mod freight;
mod oauth;
mod pickup;
mod products;
mod quantum_view;
mod rating;
mod shipping;
mod spec;
mod tracking;
mod trade;
mod transit;
