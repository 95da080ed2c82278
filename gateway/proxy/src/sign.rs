//! Phase 6, for carriers that want every request signed: the signature goes on with the credential, in
//! one step, so that no attempt leaves with a credential and without its signature.

use crate::{
    credential,
    directory_view::DirectoryView,
    error::Problem,
    outgoing::{self, Again, Sendable},
    view::RouteView,
    worker::Worker,
};
use gateway_model::{Credential, Generation, SignRequest, Signer};
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
    /// All of the content, if the signer needs it.
    pub(crate) body: &'a Again,
}

impl Signing<'_> {
    /// Signs a request that has its credential.
    pub(crate) fn apply(
        &self,
        headers: &mut HeaderMap,
        credential: &Credential,
    ) -> Result<(), Problem> {
        let sign = |body: &[bytes::Bytes]| {
            self.signer.sign(&SignRequest {
                method: self.of.method,
                authority: self.of.route.upstream.authority.as_str(),
                path_and_query: self.of.target.as_str(),
                headers,
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
        for (name, value) in signed.map_err(Problem::unsigned)? {
            headers.insert(name, value);
        }
        Ok(())
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
    headers: &mut HeaderMap,
    body: Incoming,
) -> Result<(Generation, Sendable), Problem> {
    let mut sendable = outgoing::take(body, &worker.settings.limits, &worker.ticks)?;
    if signer.needs_body() {
        sendable = sendable.whole().await?;
    }
    let signing = Signing {
        signer,
        of,
        body: &sendable.again,
    };
    let generation = credential::take(worker, directory, account, headers, Some(&signing)).await?;
    Ok((generation, sendable))
}
