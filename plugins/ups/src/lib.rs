//! UPS authentication: OAuth 2.0 client credentials.
//!
//! `config.rs` checks one account's configuration, `authorize` below is the token request,
//! `reply.rs` says what each answer of the token endpoint means. Pure protocol: the gateway makes
//! the request.
#![forbid(unsafe_code)]

mod config;
mod reply;

pub use config::{Config, Environment};

use config::Account;
use http::header::AUTHORIZATION;
use oauth2::{ClientSecret, HttpRequest};
use plugins_sdk::{CarrierAuth, Context, Credential, Result, http::Delivery, oauth::CarrierClient};
use reply::UpsFields;

/// What the gateway reads about this plugin without running it.
pub const MANIFEST: &str = plugins_sdk::manifest!(include_str!("../manifest.json"));

/// One UPS account.
pub struct Ups {
    account: Account,
}

impl CarrierAuth for Ups {
    type Config = Config;

    fn new(config: Config) -> Result<Self> {
        let account = Account::new(config)?;
        Ok(Self { account })
    }

    async fn authorize(&self, cx: &Context) -> Result<Credential> {
        // The empty secret keeps the client id out of the content, where UPS does not want it; the
        // field that the crate makes of it is replaced in `dress`.
        let oauth = CarrierClient::<UpsFields>::new(self.account.client_id.clone())
            .set_client_secret(ClientSecret::new(String::new()))
            .set_token_uri(self.account.token_url.clone());
        let http = |request| cx.http().send_checked(self.dress(request), reply::checked);
        let answer = oauth
            .exchange_client_credentials()
            .request_async(&http)
            .await?;
        reply::credential(&answer)
    }
}

impl Ups {
    /// Adds what is UPS's own to a token request.
    fn dress(&self, mut request: HttpRequest) -> HttpRequest {
        // Id and secret go in as they are, like in UPS's own samples; the OAuth crate form-encodes
        // them first. For the letters and digits that UPS issues, the two are the same.
        request
            .headers_mut()
            .insert(AUTHORIZATION, self.account.basic.clone());
        if let Some(number) = &self.account.account_number {
            request
                .headers_mut()
                .insert("x-merchant-id", number.clone());
        }
        // A second token does not end the first, so a repeated request does no harm.
        request.extensions_mut().insert(Delivery {
            retryable: true,
            timeout: None,
        });
        request
    }
}
