//! One account's configuration, checked.

use http::{HeaderMap, HeaderName};
use plugins_sdk::{
    Environment, Result, Secret,
    oauth::FieldLogin,
    settings::{self, Setting},
};
use serde::Deserialize;

const USER: Setting = Setting::new("client_id", "DPD: X-DPD-LOGIN");
const PASSWORD: Setting = Setting::new("client_secret", "DPD: X-DPD-PASSWORD");
const CLIENT_ID: Setting = Setting::new("client_id", "DPD: X-DPD-CLIENTID");
const CLIENT_SECRET: Setting = Setting::new("client_secret", "DPD: X-DPD-CLIENTSECRET");
const BU_CODE: Setting = Setting::new(
    "bu_code",
    "DPD: X-DPD-BUCODE, the code of the business unit",
);
const PROBE: Setting = Setting::new("probe", "the path of a harmless call");
const LIFETIME: Setting = Setting::new("token_minutes", "DPD: validity of a token");

/// What the gateway hands over for one account. Keys that a newer gateway adds are ignored.
#[derive(Deserialize)]
pub struct Config {
    environment: Environment,
    origin: Option<String>,
    client_id: String,
    client_secret: Secret,
    #[serde(default)]
    login_type: LoginType,
    bu_code: Option<String>,
    token_minutes: Option<u64>,
    probe: Option<String>,
}

/// In which fields the credentials travel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LoginType {
    /// `X-DPD-LOGIN` and `X-DPD-PASSWORD`.
    #[default]
    User,
    /// `X-DPD-CLIENTID` and `X-DPD-CLIENTSECRET`.
    Client,
}

/// A configuration that can work.
pub(crate) struct Account {
    pub(crate) login: FieldLogin,
}

impl Account {
    pub(crate) fn new(config: Config) -> Result<Self> {
        if let Some(path) = &config.probe {
            PROBE.probe_path(path)?;
        }
        let default = match config.environment {
            Environment::Production => "https://api.dpdgroup.com",
            Environment::Test => "https://api-preprod.dpsin.dpdgroup.com:8443",
        };
        let mut url = settings::origin(config.origin.as_deref(), default)?;
        url.set_path("/shipping/v1/login");
        let ((id_field, id), (secret_field, secret)) = match config.login_type {
            LoginType::User => (("x-dpd-login", USER), ("x-dpd-password", PASSWORD)),
            LoginType::Client => (
                ("x-dpd-clientid", CLIENT_ID),
                ("x-dpd-clientsecret", CLIENT_SECRET),
            ),
        };
        let mut login = HeaderMap::new();
        for (name, setting, text) in [
            (id_field, id, config.client_id.as_str()),
            (secret_field, secret, config.client_secret.expose()),
            ("x-dpd-bucode", BU_CODE, bu_code(config.bu_code.as_deref())?),
        ] {
            login.insert(HeaderName::from_static(name), setting.field_value(text)?);
        }
        let token_lifetime = LIFETIME.minutes(config.token_minutes)?;
        Ok(Self {
            login: FieldLogin::new(&url, login, token_lifetime)?,
        })
    }
}

/// A country's code in three digits, such as 001 for Germany.
fn bu_code(text: Option<&str>) -> Result<&str> {
    let code = BU_CODE.required(text)?;
    if (1..=8).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_alphanumeric()) {
        Ok(code)
    } else {
        Err(BU_CODE.error("is not one to eight letters and digits, as in 001"))
    }
}
