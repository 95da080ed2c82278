//! What a plugin author implements.

use crate::{ConsentRequest, Context, Credential, Error, Result, SignOut, SignRequest};
use serde::de::DeserializeOwned;
use std::future::Future;

/// One carrier's way to authenticate; a value of the implementing type is one configured account.
///
/// It holds the configuration and nothing that changes: what must outlive an operation goes into
/// [`Credential::state`] and comes back as [`Context::previous_state`]. Operations on one value run
/// at the same time, on any thread.
pub trait CarrierAuth: Send + Sync + Sized + 'static {
    /// The account's configuration. Secrets in it are [`crate::Secret`].
    type Config: DeserializeOwned;

    /// Whether [`CarrierAuth::sign`] is to be called for every request to the carrier.
    const SIGNS: bool = false;

    /// Whether a person can consent: [`CarrierAuth::authorize_url`] says where, and
    /// [`CarrierAuth::authorize`] handles [`crate::Reason::AuthCode`].
    const CONSENTS: bool = false;

    /// Whether [`CarrierAuth::authorize`] handles [`crate::Reason::Revoke`], which ends with
    /// [`Credential::empty`].
    const REVOKES: bool = false;

    /// Checks the configuration. An error here is [`crate::Class::Config`] and names the key.
    fn new(config: Self::Config) -> Result<Self>;

    /// Obtains a credential. Dropping the future cancels it; it may be dropped at any await.
    ///
    /// Only what [`Context`] offers may be awaited, in any combination (`join!`, `select`,
    /// `FuturesUnordered`): a foreign timer or channel never becomes ready and ends the operation
    /// as `stalled`.
    fn authorize(&self, cx: &Context) -> impl Future<Output = Result<Credential>> + Send;

    /// Where a person consents; see [`crate::oauth::consent_url`]. It makes no requests.
    fn authorize_url(&self, request: &ConsentRequest) -> Result<String> {
        let _ = request;
        Err(Error::config(
            "consent_unsupported",
            "this plugin knows no consent by a person",
        ))
    }

    /// Adds fields to one request. Called on the thread that serves it: some microseconds, no locks.
    /// The request is not sent if this fails.
    fn sign(&self, request: &SignRequest<'_>, out: &mut SignOut<'_>) -> Result<()> {
        let _ = (request, out);
        Err(Error::bug(
            "sign_unsupported",
            "this plugin signs no requests",
        ))
    }
}
