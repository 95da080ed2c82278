//! DHL Express authentication: the user name and password of the MyDHL API, with every request.
#![forbid(unsafe_code)]

use plugins_sdk::{BasicAuth, CarrierAuth, Context, Credential, Result, Secret, settings::Setting};
use serde::Deserialize;

/// What the gateway reads about this plugin without running it.
pub const MANIFEST: &str = plugins_sdk::manifest!(include_str!("../manifest.json"));

const USER: Setting = Setting::new("client_id", "DHL Express: API Key, or user name");
const PASSWORD: Setting = Setting::new("client_secret", "DHL Express: API Secret, or password");
const ACCOUNT: Setting = Setting::new("account_number", "DHL Express: account number");

/// What the gateway hands over for one account. Keys that a newer gateway adds are ignored.
#[derive(Deserialize)]
pub struct Config {
    client_id: String,
    client_secret: Secret,
    account_number: Option<String>,
}

/// One user of the MyDHL API.
pub struct DhlExpress {
    basic: BasicAuth,
}

impl CarrierAuth for DhlExpress {
    type Config = Config;

    fn new(config: Config) -> Result<Self> {
        let number = config.account_number.as_deref();
        if number.is_some_and(|n| n.len() != 9 || !n.bytes().all(|b| b.is_ascii_digit())) {
            return Err(ACCOUNT.error("is not nine digits"));
        }
        let password = config.client_secret.expose();
        let basic = BasicAuth::new((USER, &config.client_id), (PASSWORD, password))?;
        Ok(Self { basic })
    }

    async fn authorize(&self, _: &Context) -> Result<Credential> {
        Ok(self.basic.credential())
    }
}
