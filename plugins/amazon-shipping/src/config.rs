//! One account's configuration, checked.

use http::Uri;
use oauth2::url::Url;
use plugins_sdk::{
    Error, Result, Secret,
    settings::{self, Setting},
};
use serde::Deserialize;
use serde_json::Value;

const CLIENT_ID: Setting = Setting::new("client_id", "Amazon: LWA client identifier");
const CLIENT_SECRET: Setting = Setting::new("client_secret", "Amazon: LWA client secret");
const REFRESH_TOKEN: Setting = Setting::new("refresh_token", "Amazon: LWA refresh token");
const BUSINESS_ID: Setting = Setting::new("business_id", "Amazon: x-amzn-shipping-business-id");
const RESTRICTED_DATA: Setting = Setting::new("restricted_data", "Amazon: restricted data token");
const AUTHORIZE_URL: Setting = Setting::new("authorize_url", "Amazon: OAuth authorization URI");
pub(crate) const APPLICATION_ID: Setting = Setting::new("application_id", "Amazon: application ID");

const TOKEN_PATH: &str = "/auth/o2/token";

/// What the gateway hands over for one account. Keys that a newer gateway adds are ignored.
#[derive(Deserialize)]
pub struct Config {
    environment: Environment,
    origin: Option<String>,
    client_id: String,
    client_secret: Secret,
    #[serde(default)]
    grant: Grant,
    refresh_token: Option<Secret>,
    business_id: Option<String>,
    restricted_data: Option<Value>,
    application_id: Option<String>,
    authorize_url: Option<String>,
}

/// Where the refresh token comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Grant {
    /// From the configuration.
    #[default]
    ClientCredentials,
    /// From the consent of a shipper.
    AuthorizationCode,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Environment {
    Production,
    Test,
}

/// A configuration that can work.
pub(crate) struct Account {
    pub(crate) client_id: String,
    pub(crate) client_secret: Secret,
    pub(crate) token_url: Url,
    pub(crate) restricted_url: Uri,
    pub(crate) authorize_url: Url,
    pub(crate) application_id: Option<String>,
    /// `None`: the shipper consents.
    pub(crate) refresh_token: Option<Secret>,
    pub(crate) business_id: Option<String>,
    pub(crate) restricted_data: bool,
}

impl Account {
    pub(crate) fn new(config: Config) -> Result<Self> {
        let default = match config.environment {
            Environment::Production => "https://sellingpartnerapi-eu.amazon.com",
            Environment::Test => "https://sandbox.sellingpartnerapi-eu.amazon.com",
        };
        let origin = settings::origin(config.origin.as_deref(), default)?;
        CLIENT_ID.credential(&config.client_id)?;
        CLIENT_SECRET.credential(config.client_secret.expose())?;
        if let Some(business) = &config.business_id {
            business_id(business)?;
        }
        let restricted = at(&origin, "/tokens/2021-03-01/restrictedDataToken");
        let restricted = restricted.as_str().parse();
        Ok(Self {
            token_url: token_url(&origin)?,
            restricted_url: restricted
                .map_err(|_| Error::config("origin", "origin: not usable in a URL"))?,
            authorize_url: authorize_url(config.authorize_url.as_deref(), &origin)?,
            refresh_token: refresh_token(config.grant, config.refresh_token)?,
            restricted_data: switch(config.restricted_data.as_ref())?,
            client_id: config.client_id,
            client_secret: config.client_secret,
            application_id: config.application_id,
            business_id: config.business_id,
        })
    }
}

fn at(origin: &Url, path: &str) -> Url {
    let mut url = origin.clone();
    url.set_path(path);
    url
}

fn is_amazon(origin: &Url) -> bool {
    origin
        .host_str()
        .is_some_and(|host| host.ends_with(".amazon.com"))
}

/// Tokens of all regions come from one place. A mock has it on its own origin.
fn token_url(origin: &Url) -> Result<Url> {
    if is_amazon(origin) {
        return settings::origin(None, "https://api.amazon.com").map(|lwa| at(&lwa, TOKEN_PATH));
    }
    Ok(at(origin, TOKEN_PATH))
}

/// Where a shipper authorizes the application.
fn authorize_url(configured: Option<&str>, origin: &Url) -> Result<Url> {
    let Some(text) = configured else {
        let path = "/apps/authorize/consent";
        if !is_amazon(origin) {
            return Ok(at(origin, path));
        }
        let central = settings::origin(None, "https://sellercentral.amazon.com")?;
        return Ok(at(&central, path));
    };
    text.parse()
        .map_err(|_| AUTHORIZE_URL.error("is no absolute URL"))
}

fn refresh_token(grant: Grant, configured: Option<Secret>) -> Result<Option<Secret>> {
    match (grant, configured) {
        (Grant::AuthorizationCode, None) => Ok(None),
        (Grant::AuthorizationCode, Some(_)) => Err(REFRESH_TOKEN.error(
            "is set, but the grant is authorization_code: remove it, or set the grant to client_credentials",
        )),
        (Grant::ClientCredentials, configured) => {
            REFRESH_TOKEN.required(configured.as_ref().map(Secret::expose))?;
            Ok(configured)
        }
    }
}

fn business_id(text: &str) -> Result<()> {
    let country = text.strip_prefix("AmazonShipping_").unwrap_or_default();
    if !country.is_empty() && country.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return Ok(());
    }
    Err(BUSINESS_ID.error("is not a business such as AmazonShipping_UK"))
}

/// Settings may come as text.
fn switch(value: Option<&Value>) -> Result<bool> {
    match value {
        None => Ok(false),
        Some(Value::Bool(on)) => Ok(*on),
        Some(Value::String(text)) if text == "true" => Ok(true),
        Some(Value::String(text)) if text == "false" => Ok(false),
        Some(_) => Err(RESTRICTED_DATA.error("is neither true nor false")),
    }
}
