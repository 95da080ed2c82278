//! One account's configuration, checked.

use http::HeaderValue;
use oauth2::{AuthUrl, ClientId, TokenUrl};
use plugins_sdk::{
    BasicAuth, Environment, Result, Secret,
    oauth::GrantType,
    settings::{self, Setting},
};
use serde::Deserialize;

const CLIENT_ID: Setting = Setting::new("client_id", "UPS: Client ID");
const CLIENT_SECRET: Setting = Setting::new("client_secret", "UPS: Client Secret");
const ACCOUNT_NUMBER: Setting = Setting::new("account_number", "UPS: shipper number");
const AUTHORIZE_PATH: &str = "/security/v1/oauth/authorize";
const REFRESH_PATH: &str = "/security/v1/oauth/refresh";
const TOKEN_PATH: &str = "/security/v1/oauth/token";

/// What the gateway hands over for one account. Keys that a newer gateway adds are ignored.
#[derive(Deserialize)]
pub struct Config {
    environment: Environment,
    origin: Option<String>,
    client_id: String,
    client_secret: Secret,
    account_number: Option<String>,
    #[serde(default)]
    grant: GrantType,
}

/// A configuration that can work.
pub(crate) struct Account {
    pub(crate) client_id: ClientId,
    pub(crate) grant: GrantType,
    pub(crate) authorize_url: AuthUrl,
    pub(crate) token_url: TokenUrl,
    /// UPS refreshes at a place of its own.
    pub(crate) refresh_url: TokenUrl,
    /// For `Authorization`.
    pub(crate) basic: HeaderValue,
    /// For `x-merchant-id`.
    pub(crate) account_number: Option<HeaderValue>,
}

impl Account {
    pub(crate) fn new(config: Config) -> Result<Self> {
        let default = match config.environment {
            Environment::Production => "https://onlinetools.ups.com",
            Environment::Test => "https://wwwcie.ups.com",
        };
        let origin = settings::origin(config.origin.as_deref(), default)?;
        let at = |path| {
            let mut url = origin.clone();
            url.set_path(path);
            url
        };
        let secret = config.client_secret.expose();
        let basic = BasicAuth::new((CLIENT_ID, &config.client_id), (CLIENT_SECRET, secret))?;
        Ok(Self {
            grant: config.grant,
            authorize_url: AuthUrl::from_url(at(AUTHORIZE_PATH)),
            token_url: TokenUrl::from_url(at(TOKEN_PATH)),
            refresh_url: TokenUrl::from_url(at(REFRESH_PATH)),
            basic: basic.into_value(),
            account_number: config
                .account_number
                .as_deref()
                .map(account_number)
                .transpose()?,
            client_id: ClientId::new(config.client_id),
        })
    }
}

fn account_number(text: &str) -> Result<HeaderValue> {
    let wrong = || ACCOUNT_NUMBER.error("is not six letters or digits");
    // `x-merchant-id` is the six-character shipper number, by UPS's document.
    if text.len() != 6 || !text.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return Err(wrong());
    }
    HeaderValue::from_str(text).map_err(|_| wrong())
}
