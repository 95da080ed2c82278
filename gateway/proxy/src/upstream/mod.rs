//! A worker's side towards carriers: connection pools, the HTTP/1.1 client, TLS, and request bodies.

pub(crate) mod body;
pub(crate) mod client;
mod dialer;
mod failure;
mod lease;
mod local_exec;
mod pool;
mod pools;
mod response;
mod tls;

pub(crate) use failure::Failure;
pub(crate) use lease::{Lease, NotAnswered};
pub(crate) use pool::Upstream;
pub(crate) use pools::Upstreams;
pub(crate) use response::Received;
