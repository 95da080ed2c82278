//! UPS authentication: OAuth 2.0 client credentials, and the consent of a ups.com user.
//!
//! `config.rs` checks one account's configuration, `authorize` below chooses the token request,
//! `token_response.rs` says what each answer means and `token_error.rs`
//! what each error does. Pure protocol: the gateway makes the request.
#![forbid(unsafe_code)]

mod config;
mod token_error;
mod token_response;

pub use config::Config;

use config::Account;
use http::header::AUTHORIZATION;
use oauth2::{
    AuthorizationCode, ClientSecret, EndpointNotSet, EndpointSet, HttpRequest, PkceCodeVerifier,
    RedirectUrl, RefreshToken, TokenUrl,
};
use plugins_sdk::{
    CarrierAuth, Class, ConsentRequest, Context, Credential, Error, Result,
    http::{Delivery, ResponseFuture},
    oauth::{
        CarrierClient, ChallengeMethod, GrantRequest, RefreshTokenFields, consent_url, read_login,
    },
};
use std::borrow::Cow;
use token_error::TokenRequestKind;

/// What the gateway reads about this plugin without running it.
pub const MANIFEST: &str = plugins_sdk::manifest!(include_str!("../manifest.json"));

/// One UPS account.
pub struct Ups {
    account: Account,
}

impl CarrierAuth for Ups {
    type Config = Config;

    const CONSENTS: bool = true;

    fn new(config: Config) -> Result<Self> {
        let account = Account::new(config)?;
        Ok(Self { account })
    }

    async fn authorize(&self, cx: &Context) -> Result<Credential> {
        match self.account.grant.request(cx.reason(), "UPS")? {
            GrantRequest::ClientCredentials => self.client_credentials(cx).await,
            GrantRequest::Code => self.code(cx).await,
            GrantRequest::Refresh => self.refresh(cx).await,
        }
    }

    fn authorize_url(&self, request: &ConsentRequest) -> Result<String> {
        self.account.grant.consents()?;
        // UPS knows S256 only, and its documentation has no parameter to name it.
        consent_url(
            self.account.authorize_url.clone(),
            &self.account.client_id,
            ChallengeMethod::Implied,
            request,
        )
    }
}

impl Ups {
    async fn client_credentials(&self, cx: &Context) -> Result<Credential> {
        let http = |request| self.send(cx, request, TokenRequestKind::ClientCredentials);
        let answer = self
            .oauth(&self.account.token_url)
            .exchange_client_credentials()
            .request_async(&http)
            .await?;
        token_response::credential(&answer, cx.now_unix_ms())
    }

    async fn code(&self, cx: &Context) -> Result<Credential> {
        let param = |name: &'static str| {
            let lacking = "the gateway sent no authorization code, redirect URI or PKCE verifier";
            cx.param(name)
                .filter(|value| !value.is_empty())
                .map(str::to_owned)
                .ok_or_else(|| Error::new(Class::Bug, "bad_params", lacking))
        };
        let redirect = RedirectUrl::new(param("redirect_uri")?)
            .map_err(|_| Error::config("redirect_uri", "redirect_uri: write an absolute URL"))?;
        let http = |request| self.send(cx, request, TokenRequestKind::Code);
        let answer = self
            .oauth(&self.account.token_url)
            .exchange_code(AuthorizationCode::new(param("code")?))
            .set_redirect_uri(Cow::Owned(redirect))
            .set_pkce_verifier(PkceCodeVerifier::new(param("pkce_verifier")?))
            .request_async(&http)
            .await?;
        token_response::login(&answer, cx.now_unix_ms())
    }

    async fn refresh(&self, cx: &Context) -> Result<Credential> {
        let kept = read_login(cx.previous_state())?;
        let token = RefreshToken::new(kept.expose().to_owned());
        let http = |request| self.send(cx, request, TokenRequestKind::Refresh);
        let answer = self
            .oauth(&self.account.refresh_url)
            .exchange_refresh_token(&token)
            .request_async(&http)
            .await?;
        token_response::login(&answer, cx.now_unix_ms())
    }

    fn oauth(
        &self,
        endpoint: &TokenUrl,
    ) -> CarrierClient<RefreshTokenFields, EndpointNotSet, EndpointSet> {
        // The empty secret keeps the client id out of the content, where UPS does not want it; the
        // field that the crate makes of it is replaced in `send`.
        CarrierClient::new(self.account.client_id.clone())
            .set_client_secret(ClientSecret::new(String::new()))
            .set_token_uri(endpoint.clone())
    }

    /// Adds what is UPS's own to a token request, and sends it.
    fn send(
        &self,
        cx: &Context,
        mut request: HttpRequest,
        kind: TokenRequestKind,
    ) -> ResponseFuture {
        // Id and secret go in as they are, like in UPS's own samples; the OAuth crate form-encodes
        // them first. For the letters and digits that UPS issues, the two are the same.
        request
            .headers_mut()
            .insert(AUTHORIZATION, self.account.basic.clone());
        // Only for client credentials: a login belongs to a person, not to one account number.
        if let (TokenRequestKind::ClientCredentials, Some(number)) =
            (kind, &self.account.account_number)
        {
            request
                .headers_mut()
                .insert("x-merchant-id", number.clone());
        }
        request.extensions_mut().insert(Delivery {
            // A second token by client credentials does not end the first. A code and a refresh token
            // work once: only the gateway may decide to present one again.
            retryable: kind == TokenRequestKind::ClientCredentials,
            timeout: None,
        });
        cx.http().send_checked(request, move |response, now| {
            token_error::checked(response, now, kind)
        })
    }
}
