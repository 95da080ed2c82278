//! A worker's side towards carriers: connection pools, the HTTP/1.1 client, TLS, and request bodies.

pub(crate) mod body;
pub(crate) mod client;
mod dialer;
mod error;
mod lease;
mod local_exec;
mod pool;
mod pools;
mod response;
mod tls;

pub(crate) use error::ExchangeError;
pub(crate) use lease::{Lease, SendError};
pub(crate) use pool::UpstreamPool;
pub(crate) use pools::UpstreamPools;
pub(crate) use response::UpstreamBody;
