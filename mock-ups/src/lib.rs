//! UPS, offline: its OAuth and shipping APIs as a library for tests and as a program.
//!
//! [`MockUps::start`] runs a mock on a free port, isolated from every other one. A test points its
//! client at [`MockUps::base_url`], makes UPS misbehave, and asks what was received:
//!
//! ```
//! use mock_ups::{Endpoint, Fault, Filter, MockUps};
//!
//! # tokio::runtime::Runtime::new().unwrap().block_on(async {
//! let ups = MockUps::start().await?;
//! let outage = Fault::error(503, "10004", "The service is temporarily unavailable")
//!     .endpoint(Endpoint::Token)
//!     .times(3);
//! let outage = ups.add_fault(outage)?;
//! // … run the code under test against `ups.base_url()` …
//! assert_eq!(outage.hits(), 0);
//! ups.expect(Filter::any().endpoint(Endpoint::Rating)).none()?;
//! ups.stop().await;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! ```
//!
//! `docs/mock-ups.md` is the user's guide. A request's way through the mock is the list at the top of
//! `exchange.rs`; what a product (rating, shipping, …) sees and gives back is [`api`].

pub mod address_validation;
pub mod api;
pub mod locator;
pub mod paperless;
pub mod pickup;
pub mod rating;
pub mod shipping;
pub mod time_in_transit;
pub mod tracking;

mod answer;
mod bearer;
mod body;
mod calendar;
mod clock;
mod config;
mod control;
mod data;
mod dials;
mod envelope;
mod error;
mod exchange;
mod faults;
mod journal;
mod json;
mod label;
mod liberal;
mod lint;
mod listener;
mod mock;
mod oauth;
mod places;
mod products;
pub mod program;
mod race;
mod registry;
mod span;
mod state;
#[cfg(test)]
mod testing;
mod tls;
mod tokens;
mod toml;
mod wire;

pub use config::{
    BodyCredentials, ErrorChange, ErrorChanges, Quota, Settings, StaleGrant, TransactionPrefix,
    UnparsableJson,
};
pub use data::{SeedAccount, SeedApp, SeedData, SeedUser};
pub use faults::{Action, CannedAnswer, Fault, Latency, Scenario, ScenarioError};
pub use journal::{Endpoint, Expectation, Filter, JournalEntry, Unmet};
pub use lint::{Findings, Rule};
pub use mock::{Builder, FaultGuard, InvalidFault, MockUps};
pub use oauth::grants::{GrantReport, Presented, RefreshTokenReport, TokenState};
pub use span::Span;
