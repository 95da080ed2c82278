//! One account's configuration, checked.

use crate::CLIENT_ID;
use http::{HeaderMap, HeaderName, HeaderValue, header::ACCEPT};
use plugins_sdk::{
    Result, Secret,
    oauth::FieldLogin,
    settings::{self, Setting},
};
use serde::Deserialize;

const ID: Setting = Setting::new("client_id", "Royal Mail: X-IBM-Client-Id");
const SECRET: Setting = Setting::new("client_secret", "Royal Mail: X-IBM-Client-Secret");
const USERNAME: Setting = Setting::new("username", "Royal Mail: X-RMG-Security-Username");
const PASSWORD: Setting = Setting::new("password", "Royal Mail: X-RMG-Security-Password");
const LIFETIME: Setting = Setting::new("token_minutes", "Royal Mail: validity of a token");

const CLIENT_SECRET: HeaderName = HeaderName::from_static("x-ibm-client-secret");
const SECURITY_USERNAME: HeaderName = HeaderName::from_static("x-rmg-security-username");
const SECURITY_PASSWORD: HeaderName = HeaderName::from_static("x-rmg-security-password");

/// What the gateway hands over for one account. Keys that a newer gateway adds are ignored.
#[derive(Deserialize)]
pub struct Config {
    origin: Option<String>,
    client_id: String,
    client_secret: Secret,
    username: Option<String>,
    password: Option<Secret>,
    token_minutes: Option<u64>,
}

/// A configuration that can work.
pub(crate) struct Account {
    pub(crate) client_id: String,
    pub(crate) login: FieldLogin,
}

impl Account {
    pub(crate) fn new(config: Config) -> Result<Self> {
        let mut url = settings::origin(config.origin.as_deref(), "https://api.royalmail.net")?;
        url.set_path("/shipping/v3/token");
        let password = config.password.as_ref().map(Secret::expose);
        let mut login = HeaderMap::new();
        login.insert(ACCEPT, HeaderValue::from_static("application/json"));
        for (name, setting, text) in [
            (CLIENT_ID, ID, config.client_id.as_str()),
            (CLIENT_SECRET, SECRET, config.client_secret.expose()),
            (
                SECURITY_USERNAME,
                USERNAME,
                USERNAME.required(config.username.as_deref())?,
            ),
            (SECURITY_PASSWORD, PASSWORD, PASSWORD.required(password)?),
        ] {
            login.insert(name, setting.field_value(text)?);
        }
        let token_lifetime = LIFETIME.minutes(config.token_minutes)?;
        Ok(Self {
            login: FieldLogin::new(&url, login, token_lifetime)?,
            client_id: config.client_id,
        })
    }
}
