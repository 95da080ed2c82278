//! Phase 6, for carriers that want every request signed: the signature goes on with the credential, in
//! one step, so that no attempt leaves with a credential and without its signature.

use crate::{
    credential::{self, Injected},
    directory_view::DirectoryView,
    error::Problem,
    outgoing::{self, Again, Sendable},
    view::RouteView,
    worker::Worker,
};
use gateway_model::{Credential, SignRequest, SignatureFields, Signer};
use http::{HeaderMap, Method, uri::PathAndQuery};
use hyper::body::Incoming;

/// What of a request is signed besides its fields.
#[derive(Clone, Copy)]
pub(crate) struct Target<'a> {
    pub(crate) method: &'a Method,
    pub(crate) target: &'a PathAndQuery,
    pub(crate) route: &'a RouteView,
}

/// One attempt's signature, still to be made.
pub(crate) struct Signing<'a> {
    pub(crate) signer: &'a dyn Signer,
    pub(crate) of: Target<'a>,
    /// The fields, but for the credential.
    pub(crate) headers: &'a HeaderMap,
    /// All of the content, if the signer needs it.
    pub(crate) body: &'a Again,
}

impl Signing<'_> {
    /// Signs the request with this credential in it.
    pub(crate) fn sign(&self, credential: &Credential) -> Result<SignatureFields, Problem> {
        let mut headers = self.headers.clone();
        for (name, value) in &credential.headers {
            headers.insert(name, value.clone());
        }
        let sign = |body: &[bytes::Bytes]| {
            self.signer.sign(&SignRequest {
                method: self.of.method,
                authority: self.of.route.upstream.authority.as_str(),
                path_and_query: self.of.target.as_str(),
                headers: &headers,
                body,
                state: credential.state(),
            })
        };
        let signed = if self.signer.needs_body() {
            let whole = self.body.with_pieces(sign);
            whole.ok_or_else(outgoing::too_large_to_sign)?
        } else {
            sign(&[])
        };
        signed.map_err(Problem::unsigned)
    }
}

/// Phases 5 and 6 of a request that is signed: holds its content as far as the signature needs it,
/// takes the credential, signs.
pub(crate) async fn take(
    worker: &Worker,
    directory: &DirectoryView,
    account: usize,
    signer: &dyn Signer,
    of: Target<'_>,
    headers: &HeaderMap,
    body: Incoming,
) -> Result<(Injected, Sendable), Problem> {
    let mut sendable = outgoing::take(body, &worker.settings.limits, &worker.ticks)?;
    if signer.needs_body() {
        sendable = sendable.whole().await?;
    }
    let signing = Signing {
        signer,
        of,
        headers,
        body: &sendable.again,
    };
    let injected = credential::take(worker, directory, account, Some(&signing)).await?;
    Ok((injected, sendable))
}
