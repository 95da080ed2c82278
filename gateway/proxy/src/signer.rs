//! Phase 6, for carriers that want every request signed: who makes the signatures.

use bytes::Bytes;
use gateway_model::Failure;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use std::fmt;

/// A request as it is about to be sent, its credential included.
#[derive(Clone, Copy, Debug)]
pub struct RequestToSign<'a> {
    /// Its method.
    pub method: &'a Method,
    /// The origin's authority.
    pub authority: &'a str,
    /// Path and query, as they are sent.
    pub path_and_query: &'a str,
    /// Its fields, but for those that frame it.
    pub headers: &'a HeaderMap,
    /// The whole content in pieces, if [`Signer::needs_body`] says so.
    pub body: &'a [Bytes],
    /// What belongs to the credential and is not sent.
    pub state: &'a [u8],
}

/// Signs the requests of one account.
///
/// It is called on a worker's thread for each attempt of each request: it must return within
/// microseconds and wait for nothing. Several workers call it at a time.
pub trait Signer: fmt::Debug + Send + Sync + 'static {
    /// Whether a signature covers the content. Then a request waits until all of that is here, and
    /// one that is larger than [`Limits::replay_bytes`](crate::Limits::replay_bytes) is refused.
    fn needs_body(&self) -> bool;

    /// The fields that make the request a signed one; each takes the place of those of its name.
    ///
    /// # Errors
    /// With whose turn it is. The request is answered by the gateway then, and never sent.
    fn sign(&self, request: &RequestToSign<'_>) -> Result<Vec<(HeaderName, HeaderValue)>, Failure>;
}
