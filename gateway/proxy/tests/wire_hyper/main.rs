//! The tests of `wire` against hyper's HTTP/1 server, which can be chosen for one release (`http1_server`).

#[path = "../wire/cases.rs"]
mod cases;
#[path = "../wire/corpora.rs"]
mod corpora;
#[path = "../wire/harness.rs"]
mod harness;
#[path = "../wire/hostile_answers.rs"]
mod hostile_answers;
#[path = "../wire/readers.rs"]
mod readers;
#[path = "../wire/slow_clients.rs"]
mod slow_clients;
#[path = "../wire/smuggling.rs"]
mod smuggling;

/// What these tests run against.
pub(crate) const SERVER: gateway_proxy::Http1Server = gateway_proxy::Http1Server::Hyper;
