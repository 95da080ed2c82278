//! The broker with scripted carriers.

mod broker;
mod fleet;
mod ledger;
mod single_use;
mod support;
