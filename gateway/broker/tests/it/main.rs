//! The broker with scripted carriers.

mod broker;
mod ledger;
mod single_use;
mod support;
