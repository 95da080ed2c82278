//! FedEx authentication: OAuth 2.0 client credentials in a form, for some customers with a child pair.
#![forbid(unsafe_code)]

mod config;
mod refusals;

pub use config::{Config, CustomerType};

use config::Account;
use plugins_sdk::{
    CarrierAuth, Context, Credential, Result,
    oauth::{self, PlainTokenResponse, TokenRequest},
};
use refusals::REFUSALS;

/// What the gateway reads about this plugin without running it.
pub const MANIFEST: &str = plugins_sdk::manifest!(include_str!("../manifest.json"));

/// One FedEx project, with the customer that it acts for.
pub struct FedEx {
    account: Account,
}

impl CarrierAuth for FedEx {
    type Config = Config;

    fn new(config: Config) -> Result<Self> {
        let account = Account::new(config)?;
        Ok(Self { account })
    }

    async fn authorize(&self, cx: &Context) -> Result<Credential> {
        let account = &self.account;
        let mut request = TokenRequest::form(&account.token_url)
            .field("grant_type", account.grant_type)
            .field("client_id", &account.client_id)
            .field("client_secret", account.client_secret.expose());
        if let Some((key, secret)) = &account.child {
            // The spelling with one capital letter is FedEx's.
            request = request
                .field("child_Key", key)
                .field("child_secret", secret.expose());
        }
        // FedEx issues further tokens without ending the earlier ones.
        let answer: PlainTokenResponse = request.repeatable().send(cx, &REFUSALS).await?;
        oauth::credential(&answer, REFUSALS.carrier)
    }
}
