//! The token requests, and what a good answer yields.

use crate::{
    config::{Account, TokenRequestForm},
    refusals::REFUSALS,
};
use oauth2::TokenResponse as _;
use plugins_sdk::{
    Class, Context, Credential, Error, Facts, Grant, Result, Secret,
    oauth::{
        self, CarrierTokenResponse, RefreshTokenFields, TokenRequest, read_login, write_login,
    },
};
use std::time::Duration;

/// USPS's documentation: refresh tokens live seven days.
const REFRESH_LIFETIME: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// What a login's token lives if USPS does not say so: a guess that a 401 corrects. To refuse the answer
/// would lose the new refresh token, and with it the login.
const CAUTIOUS_LIFETIME: Duration = Duration::from_secs(15 * 60);

type UspsTokenResponse = CarrierTokenResponse<RefreshTokenFields>;

/// The access token, and the credential of it.
type Issued = (Secret, Credential);

pub(crate) async fn client_credentials(account: &Account, cx: &Context) -> Result<Issued> {
    let mut request = begin(account, "client_credentials");
    if let Some(scope) = &account.scope {
        request = request.field("scope", scope);
    }
    // A second token does not end the first.
    let answer: UspsTokenResponse = request.repeatable().send(cx, &REFUSALS).await?;
    if !answer.extra().approved() {
        return Err(Error::new(
            Class::Rejected,
            "not_approved",
            "USPS issued a token that is not approved: look at the app's state in the developer portal",
        ));
    }
    let credential = oauth::credential(&answer, REFUSALS.carrier)?;
    Ok((token(&answer), credential.facts(facts(&answer, cx))))
}

pub(crate) async fn code(account: &Account, cx: &Context) -> Result<Issued> {
    let param = |name: &str| {
        let lacking = "the gateway sent no authorization code or redirect URI";
        let value = cx.param(name).filter(|value| !value.is_empty());
        value.ok_or_else(|| Error::new(Class::Bug, "bad_params", lacking))
    };
    let mut request = begin(account, "authorization_code")
        .field("code", param("code")?)
        .field("redirect_uri", param("redirect_uri")?);
    if let Some(scope) = &account.scope {
        request = request.field("scope", scope);
    }
    let answer = request.send(cx, &REFUSALS).await.map_err(with_fate)?;
    login(&answer, None, cx)
}

pub(crate) async fn refresh(account: &Account, cx: &Context) -> Result<Issued> {
    let kept = read_login(cx.previous_state())?;
    let request = begin(account, "refresh_token").field("refresh_token", kept.expose());
    let answer = request.send(cx, &REFUSALS).await.map_err(with_fate)?;
    login(&answer, Some(kept.expose()), cx)
}

fn begin(account: &Account, grant_type: &str) -> TokenRequest {
    let request = match account.token_request {
        TokenRequestForm::Json => TokenRequest::json(&account.token_url),
        TokenRequestForm::Form => TokenRequest::form(&account.token_url),
    };
    request
        .field("grant_type", grant_type)
        .field("client_id", account.client_id.as_str())
        .field("client_secret", account.client_secret.expose())
}

/// What a failure says about the code or the refresh token that was presented.
fn with_fate(error: Error) -> Error {
    match error.class() {
        Class::Interaction => error.grant_refused(),
        // The quota is counted before the request is looked at.
        Class::Transient if error.code() == "too_many_requests" => error.grant_unharmed(),
        Class::Transient | Class::Rejected | Class::Config | Class::Protocol | Class::Bug => error,
    }
}

/// The credential of an answer to a code or a refresh token, with the login's next state.
fn login(answer: &UspsTokenResponse, presented: Option<&str>, cx: &Context) -> Result<Issued> {
    let extra = answer.extra();
    if !extra.approved() {
        let message = "USPS did not approve the login: look at the app's state in the developer portal, then \
                       log in again";
        return Err(Error::new(Class::Interaction, "not_approved", message).grant_refused());
    }
    // No error for an odd lifetime: it would throw away the new refresh token, and with it the login.
    let lifetime = oauth::lifetime(answer.expires_in(), REFUSALS.carrier);
    let credential = Credential::bearer(answer.access_token().secret())?
        .expires_in(Some(lifetime.unwrap_or(CAUTIOUS_LIFETIME)))
        .facts(facts(answer, cx));
    let next = answer.refresh_token().map(|token| token.secret().as_str());
    let usable = next
        .filter(|_| extra.refresh_approved())
        .and_then(write_login);
    let credential = match (usable, presented.and_then(write_login)) {
        // The same token again is no new grant.
        (Some(state), Some(old)) if state == old => credential.state(&old).grant(Grant::Kept),
        (Some(state), _) => credential.state(&state).grant(Grant::Replaced {
            lifetime: Some(extra.refresh_lifetime().unwrap_or(REFRESH_LIFETIME)),
        }),
        // RFC 6749 section 6: without a new one, the old one stays good.
        (None, Some(old)) if next.is_none() => credential.state(&old).grant(Grant::Kept),
        (None, _) => credential.grant(Grant::Gone),
    };
    Ok((token(answer), credential))
}

fn token(answer: &UspsTokenResponse) -> Secret {
    Secret::from(answer.access_token().secret().clone())
}

fn facts(answer: &UspsTokenResponse, cx: &Context) -> Facts {
    let scopes = answer.scopes().map(|scopes| {
        let words: Vec<_> = scopes.iter().map(|scope| scope.as_str()).collect();
        words.join(" ")
    });
    Facts {
        token_type: Some("Bearer".to_owned()),
        scope: scopes.filter(|text| !text.is_empty()),
        ..answer.extra().facts(cx.now_unix_ms())
    }
}
