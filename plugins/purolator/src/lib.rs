//! Purolator authentication: a key and its password, with every request. The SOAP header `RequestContext`
//! with its `UserToken` stays the app's.
#![forbid(unsafe_code)]

use plugins_sdk::{BasicAuth, CarrierAuth, Context, Credential, Result, Secret, settings::Setting};
use serde::Deserialize;

/// What the gateway reads about this plugin without running it.
pub const MANIFEST: &str = plugins_sdk::manifest!(include_str!("../manifest.json"));

const KEY: Setting = Setting::new("client_id", "Purolator: Key");
const PASSWORD: Setting = Setting::new("client_secret", "Purolator: Key Password");
const ACCOUNT: Setting = Setting::new("account_number", "Purolator: billing account number");

/// What the gateway hands over for one account. Keys that a newer gateway adds are ignored.
#[derive(Deserialize)]
pub struct Config {
    client_id: String,
    client_secret: Secret,
    account_number: Option<String>,
}

/// One key of Purolator's E-Ship web services.
pub struct Purolator {
    basic: BasicAuth,
}

impl CarrierAuth for Purolator {
    type Config = Config;

    fn new(config: Config) -> Result<Self> {
        let digits = |number: &str| {
            (1..=10).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit())
        };
        if !config.account_number.as_deref().is_none_or(digits) {
            return Err(ACCOUNT.error("is not one to ten digits"));
        }
        let password = config.client_secret.expose();
        let basic = BasicAuth::new((KEY, &config.client_id), (PASSWORD, password))?;
        Ok(Self { basic })
    }

    async fn authorize(&self, _: &Context) -> Result<Credential> {
        Ok(self.basic.credential())
    }
}
