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
//! `serving/exchange.rs`; what a product (rating, shipping, …) sees and gives back is [`api`].

pub mod api;
pub mod products;
pub mod program;

mod calendar;
mod clock;
mod config;
mod control;
mod data;
mod endpoint;
mod error_envelope;
mod faults;
mod hot_settings;
mod journal;
mod json;
mod label;
mod lenient;
mod lint;
mod mock;
mod mock_state;
mod named_json;
mod oauth;
mod oauth_state;
mod places;
mod push;
mod registry;
mod response_body;
mod response_envelope;
mod serving;
mod span;
mod standard_responses;
#[cfg(test)]
mod testing;
mod tls;
mod tokens;
mod toml;

pub use config::{
    BodyCredentials, ErrorChange, ErrorChanges, ExpiredToken, InvalidToken, NegotiatedBase, Quota,
    Settings, StaleGrant, TransactionPrefix, UnparsableJson,
};
pub use data::{SeedAccount, SeedApp, SeedData, SeedUser};
pub use endpoint::Endpoint;
pub use faults::{Action, CannedResponse, Fault, Latency, Scenario, ScenarioError};
pub use journal::{Filter, JournalEntry};
pub use lint::{Findings, Rule};
pub use mock::{Builder, Expectation, FaultGuard, InvalidFault, MockUps, Unmet};
pub use oauth_state::grants::{GrantReport, Presented, RefreshTokenReport, TokenState};
pub use span::Span;
