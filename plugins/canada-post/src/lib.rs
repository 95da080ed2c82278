//! Canada Post authentication: the two halves of an API key, with every request.
#![forbid(unsafe_code)]

use plugins_sdk::{BasicAuth, CarrierAuth, Context, Credential, Result, Secret, settings::Setting};
use serde::Deserialize;

/// What the gateway reads about this plugin without running it.
pub const MANIFEST: &str = plugins_sdk::manifest!(include_str!("../manifest.json"));

const USER: Setting = Setting::new(
    "client_id",
    "Canada Post: API key, the part before the colon",
);
const PASSWORD: Setting = Setting::new(
    "client_secret",
    "Canada Post: API key, the part after the colon",
);
const CUSTOMER: Setting = Setting::new("account_number", "Canada Post: customer number");

/// What the gateway hands over for one account. Keys that a newer gateway adds are ignored.
#[derive(Deserialize)]
pub struct Config {
    client_id: String,
    client_secret: Secret,
    account_number: Option<String>,
}

/// One API key of Canada Post's Developer Program.
pub struct CanadaPost {
    basic: BasicAuth,
}

impl CarrierAuth for CanadaPost {
    type Config = Config;

    fn new(config: Config) -> Result<Self> {
        let digits = |number: &str| {
            (1..=10).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit())
        };
        if !config.account_number.as_deref().is_none_or(digits) {
            return Err(CUSTOMER.error("is not one to ten digits"));
        }
        let password = config.client_secret.expose();
        let basic = BasicAuth::new((USER, &config.client_id), (PASSWORD, password))?;
        Ok(Self { basic })
    }

    async fn authorize(&self, _: &Context) -> Result<Credential> {
        Ok(self.basic.credential())
    }
}
