//! End-to-end tests: the real `waybill` program, the real UPS plugin, a mock UPS, an app.
//!
//! Each test has its own world on free ports; see `tests::World`.

mod apps;
mod inject;
mod no_secret_leaks;
mod renewal;
mod replay_after_401;
mod single_flight;
mod token_endpoint;
