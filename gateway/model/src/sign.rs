//! Requests of carriers that want each one signed: what is signed, and by whom.

use crate::Failure;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use std::{
    fmt, mem,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

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
#[must_use = "a signature that nobody polls is never made known"]
pub struct PendingSignature(Promise);

enum Promise {
    Future(Pin<Box<dyn Future<Output = Result<SignatureFields, Failure>> + Send>>),
    Ticket(Arc<dyn PendingSignatures>, SignatureTicket),
    Settled,
}

/// Signatures that are under way at one signer. A ticket, in place of a boxed future, costs no allocation.
pub trait PendingSignatures: Send + Sync {
    /// Asks for the signature of this ticket, as [`Future::poll`] does.
    fn poll(
        &self,
        ticket: &mut SignatureTicket,
        cx: &mut Context<'_>,
    ) -> Poll<Result<SignatureFields, Failure>>;

    /// Gives back a ticket whose signature nobody waits for any more.
    fn abandon(&self, ticket: SignatureTicket);
}

/// Names one signature of [`PendingSignatures`].
#[derive(Debug, PartialEq, Eq)]
pub struct SignatureTicket {
    /// Where the signature is made.
    pub entry: u32,
    /// Tells it from those that were made there before.
    pub sequence: u32,
    /// How often it was asked for.
    pub polls: u32,
}

impl PendingSignature {
    /// A promise that a future keeps.
    pub fn new(
        future: impl Future<Output = Result<SignatureFields, Failure>> + Send + 'static,
    ) -> Self {
        Self(Promise::Future(Box::pin(future)))
    }

    /// A promise that the ticket's signer keeps.
    pub const fn ticket(signer: Arc<dyn PendingSignatures>, ticket: SignatureTicket) -> Self {
        Self(Promise::Ticket(signer, ticket))
    }
}

impl Future for PendingSignature {
    type Output = Result<SignatureFields, Failure>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let polled = match &mut self.0 {
            Promise::Future(future) => future.as_mut().poll(cx),
            Promise::Ticket(signer, ticket) => signer.poll(ticket, cx),
            Promise::Settled => return Poll::Pending,
        };
        if polled.is_ready() {
            // A settled ticket may be another request's by now, so it must not be given back again.
            self.0 = Promise::Settled;
        }
        polled
    }
}

impl Drop for PendingSignature {
    fn drop(&mut self) {
        if let Promise::Ticket(signer, ticket) = mem::replace(&mut self.0, Promise::Settled) {
            signer.abandon(ticket);
        }
    }
}

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
