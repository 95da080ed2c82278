//! HTTP/2 on both sides of the data plane, and TLS.

mod apps;
mod carrier;
mod carriers;
mod downgrade;
mod frames;
#[path = "../wire/harness.rs"]
#[expect(dead_code, reason = "the HTTP/1 suite uses the rest")]
mod harness;
mod pipelined;
mod plain;
#[path = "../wire/readers.rs"]
mod readers;
mod slow;
mod trailers;
mod world;

/// Behind what serves HTTP/1 on the same listeners.
pub(crate) const SERVER: gateway_proxy::Http1Server = gateway_proxy::Http1Server::Own;
