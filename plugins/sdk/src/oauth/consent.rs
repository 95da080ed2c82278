//! The URL of an authorization endpoint (RFC 6749, 4.1.1), always with PKCE.

use super::{CarrierClient, client};
use crate::{ConsentRequest, Error, Result};
use oauth2::{AuthUrl, ClientId, CsrfToken, EmptyExtraTokenFields, EndpointSet, RedirectUrl};
use std::borrow::Cow;

/// How the carrier learns that the challenge is a hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChallengeMethod {
    /// `code_challenge_method=S256`, as RFC 7636 wants it.
    Named,
    /// Not at all: a carrier that knows only S256, and whose documentation has no such parameter.
    Implied,
}

/// Where a person consents at a carrier that follows OAuth.
pub fn consent_url(
    endpoint: AuthUrl,
    client_id: &ClientId,
    method: ChallengeMethod,
    request: &ConsentRequest,
) -> Result<String> {
    let redirect = RedirectUrl::new(request.redirect_uri().to_owned())
        .map_err(|_| Error::config("redirect_uri", "redirect_uri: write an absolute URL"))?;
    let client: CarrierClient<EmptyExtraTokenFields, EndpointSet> =
        client(client_id.as_str()).set_auth_uri(endpoint);
    // The gateway's own state: the crate would draw one that nobody could check later.
    let state = CsrfToken::new(request.state().to_owned());
    // The crate makes challenges from verifiers only, and the verifier stays in the gateway.
    let mut asked = client
        .authorize_url(|| state)
        .set_redirect_uri(Cow::Owned(redirect))
        .add_extra_param("code_challenge", request.pkce_challenge());
    if method == ChallengeMethod::Named {
        asked = asked.add_extra_param("code_challenge_method", "S256");
    }
    let (url, _state) = asked.url();
    Ok(url.into())
}
