//! The data plane's bytes: what it takes, refuses, passes on and never lets through.

mod cases;
mod corpora;
mod descriptors;
mod differential;
mod harness;
mod hostile_answers;
mod readers;
mod slow_clients;
mod smuggling;

/// What these tests run against; `wire_hyper` runs the same against the other one.
pub(crate) const SERVER: gateway_proxy::Http1Server = gateway_proxy::Http1Server::Own;
