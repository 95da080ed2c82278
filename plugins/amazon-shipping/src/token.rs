//! The token requests, and what a good answer yields.

use crate::{config::Account, refusals::REFUSALS};
use http::HeaderName;
use oauth2::TokenResponse as _;
use plugins_sdk::{
    Class, Context, Credential, Error, Facts, Grant, Result, Secret,
    oauth::{self, PlainTokenResponse, TokenRequest, read_login, write_login},
};
use std::time::Duration;

/// Amazon does not read `Authorization`.
pub(crate) const ACCESS_TOKEN: HeaderName = HeaderName::from_static("x-amz-access-token");

/// What a login's token lives if Amazon does not say so: a guess that a refused call corrects.
const CAUTIOUS_LIFETIME: Duration = Duration::from_secs(15 * 60);

/// The access token, and the credential of it.
type Issued = (Secret, Credential);

/// With the refresh token of the configuration, which works any number of times.
pub(crate) async fn configured(account: &Account, kept: &Secret, cx: &Context) -> Result<Issued> {
    let request = begin(account, "refresh_token").field("refresh_token", kept.expose());
    let answer = request.repeatable().send(cx, &REFUSALS).await;
    // Nobody can log in to this account: its refresh token stands in the configuration.
    let answer = answer.map_err(|error| match error.class() {
        Class::Interaction => Error::new(
            Class::Rejected,
            "refresh_token_refused",
            "Amazon does not honour the refresh token of the account's settings (invalid_grant): authorize the \
             application again and copy the new one",
        ),
        Class::Transient | Class::Rejected | Class::Config | Class::Protocol | Class::Bug => error,
    })?;
    let lifetime = oauth::lifetime(answer.expires_in(), REFUSALS.carrier)?;
    Ok((token(&answer), credential(&answer, lifetime)?))
}

pub(crate) async fn code(account: &Account, cx: &Context) -> Result<Issued> {
    let param = |name: &str| {
        let lacking = "the gateway sent no authorization code or redirect URI";
        let value = cx.param(name).filter(|value| !value.is_empty());
        value.ok_or_else(|| Error::new(Class::Bug, "bad_params", lacking))
    };
    let request = begin(account, "authorization_code")
        .field("code", param("code")?)
        .field("redirect_uri", param("redirect_uri")?);
    let answer = request.send(cx, &REFUSALS).await.map_err(with_fate)?;
    login(&answer, None)
}

pub(crate) async fn refresh(account: &Account, cx: &Context) -> Result<Issued> {
    let kept = read_login(cx.previous_state())?;
    let request = begin(account, "refresh_token").field("refresh_token", kept.expose());
    let answer = request.send(cx, &REFUSALS).await.map_err(with_fate)?;
    login(&answer, Some(kept.expose()))
}

fn begin(account: &Account, grant_type: &str) -> TokenRequest {
    TokenRequest::form(&account.token_url)
        .field("grant_type", grant_type)
        .field("client_id", &account.client_id)
        .field("client_secret", account.client_secret.expose())
}

/// What a failure says about the code or the refresh token that was presented.
fn with_fate(error: Error) -> Error {
    match error.class() {
        Class::Interaction => error.grant_refused(),
        Class::Transient if error.code() == "too_many_requests" => error.grant_unharmed(),
        Class::Transient | Class::Rejected | Class::Config | Class::Protocol | Class::Bug => error,
    }
}

/// The credential of an answer to a code or a refresh token, with the login's next state. Amazon repeats the
/// refresh token that was presented.
fn login(answer: &PlainTokenResponse, presented: Option<&str>) -> Result<Issued> {
    // No error for an odd lifetime: it would throw away a new refresh token, and with it the login.
    let lifetime = oauth::lifetime(answer.expires_in(), REFUSALS.carrier);
    let credential = credential(answer, lifetime.unwrap_or(CAUTIOUS_LIFETIME))?;
    let next = answer.refresh_token().map(|token| token.secret().as_str());
    let grant = match (next, presented) {
        (Some(next), Some(presented)) if next == presented => Grant::Kept,
        (None, Some(_)) => Grant::Kept,
        (Some(_), _) => Grant::Replaced { lifetime: None },
        (None, None) => Grant::Gone,
    };
    let credential = match next.or(presented).and_then(write_login) {
        Some(state) => credential.state(&state).grant(grant),
        None => credential.grant(Grant::Gone),
    };
    Ok((token(answer), credential))
}

fn credential(answer: &PlainTokenResponse, lifetime: Duration) -> Result<Credential> {
    let facts = Facts {
        token_type: Some("Bearer".to_owned()),
        ..Facts::default()
    };
    Ok(token_field(answer.access_token().secret())?
        .expires_in(Some(lifetime))
        .facts(facts))
}

/// A field with a token of Amazon's, which has characters that no bearer token has.
fn token_field(token: &str) -> Result<Credential> {
    if token.is_empty() || !token.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(Error::new(
            Class::Protocol,
            "bad_token",
            "Amazon's access token is empty or has characters that no token has",
        ));
    }
    Credential::empty().header(ACCESS_TOKEN, token)
}

fn token(answer: &PlainTokenResponse) -> Secret {
    Secret::from(answer.access_token().secret().clone())
}
