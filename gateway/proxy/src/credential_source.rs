//! Where the data plane asks for a credential that is not published.

use gateway_model::{AccountId, Demanded, Generation};
use std::{future::Future, pin::Pin};

/// A future that may be awaited on any runtime.
pub type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send + 'static>>;

/// The result of a demand for a newer token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RenewalOutcome {
    /// A newer generation is published: replaying makes sense.
    Renewed,
    /// There is no newer token and none will come of this demand: pass the answer on.
    Unchanged,
}

/// The broker, as the data plane sees it.
///
/// Neither method is called for a request whose token is fresh. Both are called from worker threads
/// and must not block; what they return is awaited there and may be completed by any thread. Dropping
/// the future gives up waiting, not the acquisition.
pub trait CredentialSource: Send + Sync + 'static {
    /// Completes when a usable credential is published for the account, or with why there is none.
    fn acquire(&self, account: &AccountId) -> BoxFuture<Demanded<()>>;

    /// The carrier rejected the token of this generation. Completes when it is decided whether a
    /// newer one is there.
    fn unauthorized(
        &self,
        account: &AccountId,
        generation: Generation,
    ) -> BoxFuture<Demanded<RenewalOutcome>>;
}
