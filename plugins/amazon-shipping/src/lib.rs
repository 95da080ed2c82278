//! Amazon Shipping authentication: access tokens of Login with Amazon (LWA) in a field of Amazon's own, and a
//! second credential for calls that answer with personal data, the restricted data token.
//!
//! `config.rs` checks one account's configuration, `token.rs` makes the token requests, and `restricted.rs`
//! fills the slot `restricted`.
#![forbid(unsafe_code)]

mod config;
mod refusals;
mod restricted;
mod token;

pub use config::{Config, Grant};
pub use restricted::RESOURCES;

use config::Account;
use http::HeaderName;
use plugins_sdk::{CarrierAuth, ConsentRequest, Context, Credential, Error, Reason, Result, Slot};

/// What the gateway reads about this plugin without running it.
pub const MANIFEST: &str = plugins_sdk::manifest!(include_str!("../manifest.json"), needs: slots);

/// The restricted data token, which some calls want in place of the access token.
pub const RESTRICTED: Slot = Slot::of(MANIFEST, "restricted");

const BUSINESS_ID: HeaderName = HeaderName::from_static("x-amzn-shipping-business-id");

/// One shipper's authorization of one application.
pub struct AmazonShipping {
    account: Account,
}

impl CarrierAuth for AmazonShipping {
    type Config = Config;

    const CONSENTS: bool = true;

    fn new(config: Config) -> Result<Self> {
        let account = Account::new(config)?;
        Ok(Self { account })
    }

    async fn authorize(&self, cx: &Context) -> Result<Credential> {
        let account = &self.account;
        let (token, mut credential) = match (&account.refresh_token, cx.reason()) {
            (_, Reason::Revoke) => {
                return Err(Error::config(
                    "revoke",
                    "Amazon has no way for an application to revoke a grant: the shipper does it in Amazon's pages",
                ));
            }
            (Some(_), Reason::AuthCode) => return Err(no_consent()),
            (Some(kept), Reason::Fetch | Reason::Refresh | Reason::UpstreamRejected) => {
                token::configured(account, kept, cx).await?
            }
            (None, Reason::AuthCode) => token::code(account, cx).await?,
            (None, Reason::Fetch | Reason::Refresh | Reason::UpstreamRejected) => {
                token::refresh(account, cx).await?
            }
        };
        if let Some(business) = &account.business_id {
            credential = credential.header(BUSINESS_ID, business)?;
        }
        // After the token, and with no way to fail the credential: every other call works without it.
        let restricted = restricted::authorize(account, cx, &token).await;
        Ok(credential.slot(RESTRICTED, restricted))
    }

    fn authorize_url(&self, request: &ConsentRequest) -> Result<String> {
        if self.account.refresh_token.is_some() {
            return Err(no_consent());
        }
        let Some(application) = &self.account.application_id else {
            return Err(config::APPLICATION_ID
                .error("is missing: for a consent, write it into the `settings` of the account"));
        };
        // Not an authorization request of RFC 6749: Amazon wants the application's id and not the client's.
        let mut url = self.account.authorize_url.clone();
        url.query_pairs_mut()
            .append_pair("application_id", application)
            .append_pair("state", request.state())
            .append_pair("redirect_uri", request.redirect_uri())
            .append_pair("code_challenge", request.pkce_challenge());
        Ok(url.into())
    }
}

fn no_consent() -> Error {
    Error::config(
        "grant",
        "grant: this account uses the refresh token of its settings; for a consent, set authorization_code",
    )
}
