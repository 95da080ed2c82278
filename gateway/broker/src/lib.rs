//! The I/O shell around the token lifecycle.
//!
//! [`Broker`] owns one [`gateway_token::Lifecycle`] per account, carries out its effects, and
//! publishes the result in a [`gateway_model::CredentialCell`], which the data plane reads without
//! asking. So a request with a usable token never comes here. [`Handle`] serves everything else:
//!
//! | Caller | Method | Result |
//! |---|---|---|
//! | a request without a token | [`Handle::acquire`] | joins the one flight, or gets the reason why there is none |
//! | a request answered 401 | [`Handle::unauthorized`] | a renewed token, or a cool-down |
//! | an operator | [`Handle::renew`], [`Handle::status`] | a flight; what happened and what comes next |
//!
//! Modules, from the caller down; each imports only modules that stand below it:
//!
//! 1. `broker` and `handle` are the interface; `accounts` changes accounts and runs the timers;
//!    `describe` builds what an operator is shown.
//!    `elsewhere` is what other gateways on the same ledger do and ask for; `held` is what they may lack.
//! 2. `driver` feeds events to a lifecycle and carries its effects out; nothing else changes one. `tasks`
//!    are the effects that take time.
//! 3. `ownership` finds out which gateway requests the token, and waits for another one; `admission` is
//!    the permission to start.
//! 4. `presentation` (the steps of a grant that works once), `presentation_writer` (its outcome made
//!    durable), `landing` (an outcome taken into the account), `journal` (what is kept of other
//!    calls), `publication` (the cell and the waiters). `recovery` does the same after a crash.
//! 5. `flight` makes one token call and returns its outcome; `flight_span` tells a tracing system of it.
//! 6. `context` (what all parts use), `slot` (one account), `remote_wait`, `timers`, `waiters`, `metrics`.
//! 7. `ledger` (what must be durable), `authorizer` (how a token is asked for), `grant_record`
//!    (records and the lifecycle's words), `credential` and `unavailable` (what is published).

mod account;
mod accounts;
mod admission;
mod authorizer;
mod broker;
mod config;
mod context;
mod credential;
mod describe;
mod driver;
mod elsewhere;
mod field_text;
mod flight;
mod flight_span;
mod further_slots;
mod grant_record;
mod handle;
mod held;
mod journal;
mod landing;
mod ledger;
mod metrics;
mod ownership;
mod presentation;
mod presentation_writer;
mod publication;
mod recovery;
mod remote_wait;
mod slot;
mod status;
mod tasks;
mod timers;
mod unavailable;
mod waiters;

pub use account::{AccountSpec, KeyParts, SlotKey};
pub use authorizer::{
    Authorizer, BoxFuture, CallSpans, ClientSecrets, PluginAuthorizer, PreferredSecret,
    ResponseRecorder, SendPermission, Transport, UnusableAccount,
};
pub use broker::{Broker, Shutdown};
pub use config::BrokerConfig;
pub use gateway_plugin_host::{Authorization, AuthorizationReason, GrantChange, Issued};
pub use gateway_token::Policy;
pub use grant_record::completion;
pub use handle::{Handle, RenewalOutcome};
pub use held::HeldGrant;
pub use journal::failure_of;
pub use ledger::{Ledger, LedgerError};
pub use metrics::{BrokerMetrics, FailureCounts};
pub use recovery::recover;
pub use status::{AccountStatus, LastResult, RequestOutcome, SlotStatus};
