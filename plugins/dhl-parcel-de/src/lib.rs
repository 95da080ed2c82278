//! DHL Parcel DE authentication: the OAuth 2.0 password grant of Post & Parcel Germany, tokens for 30 minutes.
#![forbid(unsafe_code)]

mod refusals;

use oauth2::url::Url;
use plugins_sdk::{
    CarrierAuth, Context, Credential, Environment, Result, Secret,
    oauth::{self, PlainTokenResponse, TokenRequest},
    settings::{self, Setting},
};
use refusals::REFUSALS;
use serde::Deserialize;

/// What the gateway reads about this plugin without running it.
pub const MANIFEST: &str = plugins_sdk::manifest!(include_str!("../manifest.json"));

const CLIENT_ID: Setting = Setting::new("client_id", "DHL: API Key");
const CLIENT_SECRET: Setting = Setting::new("client_secret", "DHL: API Secret");
const USERNAME: Setting = Setting::new("username", "DHL: GKP user name");
const PASSWORD: Setting = Setting::new("password", "DHL: GKP password");
const BILLING_NUMBER: Setting = Setting::new("account_number", "DHL: billing number");

/// What the gateway hands over for one account. Keys that a newer gateway adds are ignored.
#[derive(Deserialize)]
pub struct Config {
    environment: Environment,
    origin: Option<String>,
    client_id: String,
    client_secret: Secret,
    username: Option<String>,
    password: Option<Secret>,
    account_number: Option<String>,
}

/// One user of DHL's business customer portal, through one app.
pub struct DhlParcelDe {
    config: Config,
    token_url: Url,
}

impl CarrierAuth for DhlParcelDe {
    type Config = Config;

    fn new(config: Config) -> Result<Self> {
        let default = match config.environment {
            Environment::Production => "https://api-eu.dhl.com",
            Environment::Test => "https://api-sandbox.dhl.com",
        };
        let mut token_url = settings::origin(config.origin.as_deref(), default)?;
        token_url.set_path("/parcel/de/account/auth/ropc/v1/token");
        CLIENT_ID.credential(&config.client_id)?;
        CLIENT_SECRET.credential(config.client_secret.expose())?;
        USERNAME.required(config.username.as_deref())?;
        PASSWORD.required(config.password.as_ref().map(Secret::expose))?;
        if let Some(number) = &config.account_number
            && (number.len() != 14 || !number.bytes().all(|b| b.is_ascii_alphanumeric()))
        {
            return Err(BILLING_NUMBER.error("is not 14 letters or digits"));
        }
        Ok(Self { config, token_url })
    }

    async fn authorize(&self, cx: &Context) -> Result<Credential> {
        let password = self.config.password.as_ref().map(Secret::expose);
        let answer: PlainTokenResponse = TokenRequest::form(&self.token_url)
            .field("grant_type", "password")
            .field(
                "username",
                self.config.username.as_deref().unwrap_or_default(),
            )
            .field("password", password.unwrap_or_default())
            .field("client_id", &self.config.client_id)
            .field("client_secret", self.config.client_secret.expose())
            .repeatable()
            .send(cx, &REFUSALS)
            .await?;
        oauth::credential(&answer, REFUSALS.carrier)
    }
}
