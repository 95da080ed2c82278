//! Requests of carriers that want each one signed: what is signed, and by whom.

use crate::Failure;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use std::{fmt, pin::Pin};

/// A request as it is about to be sent, its credential included.
#[derive(Clone, Copy, Debug)]
pub struct SignRequest<'a> {
    /// Its method.
    pub method: &'a Method,
    /// The origin's authority, as it stands in `Host`.
    pub authority: &'a str,
    /// Path and query, as they are sent.
    pub path_and_query: &'a str,
    /// Its fields, but for those that frame it. A plugin sees those that its manifest names.
    pub headers: &'a HeaderMap,
    /// The whole content in pieces; not looked at unless [`Signer::needs_body`] says so.
    pub body: &'a [Bytes],
    /// What belongs to the credential and is never sent.
    pub state: &'a [u8],
}

/// Fields that a signature adds to its request, each in place of those of its name. Marked sensitive.
pub type SignatureFields = Vec<(HeaderName, HeaderValue)>;

/// A signature, or a promise of one.
pub enum Signature {
    /// It was made at once.
    Ready(Result<SignatureFields, Failure>),
    /// Another process makes it. The promise is kept or broken within a deadline of its own.
    Pending(PendingSignature),
}

/// A signature that another process makes.
pub type PendingSignature =
    Pin<Box<dyn Future<Output = Result<SignatureFields, Failure>> + Send + 'static>>;

impl Signature {
    /// The fields, waited for if need be.
    ///
    /// # Errors
    /// With whose turn it is. Such a request must not be sent.
    pub async fn fields(self) -> Result<SignatureFields, Failure> {
        match self {
            Self::Ready(signed) => signed,
            Self::Pending(signed) => signed.await,
        }
    }
}

impl fmt::Debug for Signature {
    /// The fields are secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ready(Ok(_)) => "Ready",
            Self::Ready(Err(_)) => "Failed",
            Self::Pending(_) => "Pending",
        })
    }
}

/// Signs the requests of one account.
///
/// It is called on a worker's thread for each attempt of each request: it must return within
/// microseconds and wait for nothing. Several workers call it at a time.
pub trait Signer: fmt::Debug + Send + Sync + 'static {
    /// Whether a signature covers the content. Then a request waits until all of that is here, and one
    /// that is larger than what may be held is refused.
    fn needs_body(&self) -> bool;

    /// The fields that make the request a signed one. A request whose signature failed must not be sent.
    fn sign(&self, request: &SignRequest<'_>) -> Signature;
}
