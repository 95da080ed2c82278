//! The broker with scripted carriers, and its client of the token endpoint with local servers.

mod broker;
mod ledger;
mod single_use;
mod support;
mod token_endpoint;
