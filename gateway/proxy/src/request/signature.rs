//! Phase 7, for carriers that require signed requests: the signature is made in the same step as the
//! credential is taken, so that no attempt leaves with a credential and without its signature.

use super::trace::RequestTrace;
use crate::{
    directory::RouteView,
    error::Problem,
    fields::Fields,
    upstream::body::{self, ReplayBody},
};
use gateway_model::{Credential, Operation, SignRequest, Signature, Signer};
use http::{HeaderMap, HeaderName, HeaderValue, Method, uri::PathAndQuery};

/// What of a request is signed besides its fields.
#[derive(Clone, Copy)]
pub(super) struct Target<'a> {
    pub(super) method: &'a Method,
    pub(super) target: &'a PathAndQuery,
    pub(super) route: &'a RouteView,
    /// The request's trace, if it takes part in one.
    pub(super) trace: Option<&'a RequestTrace>,
}

impl<'a> Target<'a> {
    /// The operation, if it needs more than the first slot.
    pub(super) fn operation(self) -> Option<&'a Operation> {
        let api = &self.route.profile.api;
        api.operation_with_slots(self.method, self.target.path())
    }
}

/// One attempt's signature, still to be made.
pub(super) struct Signing<'a> {
    pub(super) signer: &'a dyn Signer,
    pub(super) of: Target<'a>,
    /// All of them but for the credential's.
    pub(super) fields: &'a Fields,
    /// All of the content, if the signer needs it.
    pub(super) body: &'a ReplayBody,
}

impl Signing<'_> {
    /// Signs the request with these fields of the credential in it.
    pub(super) fn sign(
        &self,
        credential: &Credential,
        fields: &[(HeaderName, HeaderValue)],
    ) -> Result<Signature, Problem> {
        // A copy, since the request's own head must go out without the credential twice.
        let mut headers = HeaderMap::from(self.fields.clone());
        // The signature may cover the credential's own fields, so they must be in before it is made.
        for (name, value) in fields {
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
        // Only if it is asked for: holding the content costs memory and time.
        if self.signer.needs_body() {
            let whole = self.body.with_pieces(sign);
            whole.ok_or_else(body::too_large_to_sign)
        } else {
            Ok(sign(&[]))
        }
    }
}
