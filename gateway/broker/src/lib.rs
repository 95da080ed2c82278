//! The I/O shell around the token lifecycle.
//!
//! [`Broker`] owns one [`gateway_token::Lifecycle`] per account, carries out its effects and
//! publishes what comes of them in a [`gateway_model::CredentialCell`], which the data plane reads
//! on its own. So no request with a usable token ever comes here; [`Handle`] is for the others:
//!
//! | who | asks for | gets |
//! |---|---|---|
//! | a request without a token | [`Handle::acquire`] | joins the one flight, or learns why not |
//! | a request answered 401 | [`Handle::unauthorized`] | a renewed token, or a cool-down |
//! | an operator | [`Handle::renew`], [`Handle::status`] | a flight; what happened and what comes |
//!
//! Files, in the order of the way of a token: `account` (who), `handle` (asking), `slot` (what is
//! kept of an account), `driver` (effects become I/O; timers), `flight` (one token call),
//! `presentation` (grants that work once), `ledger` (what is durable), `authorizer` and `wire` (the
//! call), `adoption` and `recovery` (after a restart), `snapshot` (publication), `single_flight`
//! (those who wait).

mod account;
mod adoption;
mod authorizer;
mod broker;
mod config;
mod driver;
mod flight;
mod handle;
mod ledger;
mod metrics;
mod presentation;
mod recovery;
mod single_flight;
mod slot;
mod snapshot;
mod status;
mod timers;
mod wire;

pub use account::{AccountSpec, KeyParts, SlotKey};
pub use adoption::completion;
pub use authorizer::{Authorizer, BoxFuture, PluginAuthorizer};
pub use broker::{Broker, Shutdown};
pub use config::BrokerConfig;
pub use gateway_plugin_host::{Authorization, GrantChange, Issued, Reason};
pub use gateway_token::{MintBudgetPolicy, Policy};
pub use handle::{Handle, Renewal};
pub use ledger::{Ledger, LedgerError};
pub use metrics::{BrokerMetrics, FailureCounts};
pub use recovery::recover;
pub use status::{AccountStatus, LastResult, Outcome};
pub use wire::{Recorder, Wire};
