//! One account's configuration, checked.

use crate::payment::Payment;
use oauth2::{AuthUrl, ClientId, url::Url};
use plugins_sdk::{
    Environment, Error, Result, Secret,
    oauth::GrantType,
    settings::{self, Setting},
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;

const CLIENT_ID: Setting = Setting::new("client_id", "USPS: Consumer Key");
const CLIENT_SECRET: Setting = Setting::new("client_secret", "USPS: Consumer Secret");
const CRID: Setting = Setting::new("crid", "USPS: CRID, Customer Registration ID");
const MID: Setting = Setting::new("mid", "USPS: MID, Mailer ID");
const MANIFEST_MID: Setting = Setting::new("manifest_mid", "USPS: manifest MID");
const PAYER_CRID: Setting = Setting::new("payer_crid", "USPS: CRID of the payer");
const PAYER_MID: Setting = Setting::new("payer_mid", "USPS: MID of the payer");
const ACCOUNT_TYPE: Setting = Setting::new("account_type", "USPS: EPS, PERMIT or METER");
const ACCOUNT_NUMBER: Setting = Setting::new(
    "account_number",
    "USPS: number of the EPS account, the permit or the meter",
);
const PERMIT_ZIP: Setting = Setting::new("permit_zip", "USPS: ZIP Code of the permit");
const LIFETIME: Setting = Setting::new(
    "payment_token_minutes",
    "how long a payment authorization is used",
);
const AUTHORIZE_URL: Setting = Setting::new(
    "authorize_url",
    "USPS: address of the Customer Onboarding Portal",
);

/// USPS does not say in its answer how long a payment authorization lives. Public clients use one for less than
/// an hour.
const PAYMENT_MINUTES: u64 = 50;

/// What the gateway hands over for one account. Keys that a newer gateway adds are ignored.
#[derive(Deserialize)]
pub struct Config {
    environment: Environment,
    origin: Option<String>,
    client_id: String,
    client_secret: Secret,
    #[serde(default)]
    grant: GrantType,
    #[serde(default)]
    token_request: TokenRequestForm,
    scope: Option<String>,
    authorize_url: Option<String>,
    platform: Option<String>,
    account_number: Option<String>,
    account_type: Option<AccountType>,
    crid: Option<String>,
    mid: Option<String>,
    manifest_mid: Option<String>,
    payer_crid: Option<String>,
    payer_mid: Option<String>,
    permit_zip: Option<String>,
    payment_token_minutes: Option<Value>,
}

/// With what postage is paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum AccountType {
    /// Enterprise Payment System.
    Eps,
    /// A permit.
    Permit,
    /// A postage meter.
    Meter,
}

impl AccountType {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Eps => "EPS",
            Self::Permit => "PERMIT",
            Self::Meter => "METER",
        }
    }
}

/// How a token request is written. USPS accepts both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum TokenRequestForm {
    #[default]
    Json,
    Form,
}

/// A configuration that can work.
pub(crate) struct Account {
    pub(crate) client_id: ClientId,
    pub(crate) client_secret: Secret,
    pub(crate) grant: GrantType,
    pub(crate) token_request: TokenRequestForm,
    pub(crate) scope: Option<String>,
    pub(crate) token_url: Url,
    pub(crate) authorize_url: AuthUrl,
    /// `None` for an account that buys no labels.
    pub(crate) payment: Option<Payment>,
}

impl Account {
    pub(crate) fn new(config: Config) -> Result<Self> {
        let default = match config.environment {
            Environment::Production => "https://apis.usps.com",
            Environment::Test => "https://apis-tem.usps.com",
        };
        let origin = settings::origin(config.origin.as_deref(), default)?;
        CLIENT_ID.credential(&config.client_id)?;
        CLIENT_SECRET.credential(config.client_secret.expose())?;
        Ok(Self {
            token_url: at(&origin, "/oauth2/v3/token"),
            authorize_url: authorize_url(&config, &origin)?,
            payment: payment(&config, &origin)?,
            client_id: ClientId::new(config.client_id),
            client_secret: config.client_secret,
            grant: config.grant,
            token_request: config.token_request,
            scope: config.scope.filter(|scope| !scope.is_empty()),
        })
    }
}

fn at(origin: &Url, path: &str) -> Url {
    let mut url = origin.clone();
    url.set_path(path);
    url
}

/// Where a USPS customer authorizes the app. A mock has the page on its own origin.
fn authorize_url(config: &Config, origin: &Url) -> Result<AuthUrl> {
    let mut url: Url = match &config.authorize_url {
        Some(text) => text
            .parse()
            .map_err(|_| AUTHORIZE_URL.error("is no absolute URL"))?,
        None => onboarding_portal(origin)?,
    };
    if let Some(platform) = &config.platform {
        url.query_pairs_mut().append_pair("platform", platform);
    }
    Ok(AuthUrl::from_url(url))
}

fn onboarding_portal(origin: &Url) -> Result<Url> {
    let host = match origin.host_str() {
        Some("apis.usps.com") => Some("cop.usps.com"),
        Some("apis-tem.usps.com") => Some("cop-tem.usps.com"),
        Some(_) | None => None,
    };
    let mut url = at(origin, "/cop-navigator");
    if host.is_some() {
        url.set_host(host)
            .map_err(|_| AUTHORIZE_URL.error("cannot be made of the origin: set it"))?;
    }
    url.query_pairs_mut()
        .append_pair("wf", "apis_merchant_user");
    Ok(url)
}

/// The roles of the payment authorization. All or nothing: half of them is a mistake, not a wish.
fn payment(config: &Config, origin: &Url) -> Result<Option<Payment>> {
    let lifetime = lifetime(config.payment_token_minutes.as_ref())?;
    let roles = [
        &config.crid,
        &config.mid,
        &config.manifest_mid,
        &config.payer_crid,
        &config.payer_mid,
    ];
    if config.account_type.is_none() && roles.iter().all(|role| role.is_none()) {
        return Ok(None);
    }
    let crid = number(CRID, config.crid.as_deref(), 1..=15)?;
    let mid = number(MID, config.mid.as_deref(), 6..=9)?;
    let manifest_mid = match &config.manifest_mid {
        Some(text) => number(MANIFEST_MID, Some(text), 6..=9)?,
        None => mid,
    };
    let Some(kind) = config.account_type else {
        return Err(ACCOUNT_TYPE.error("is missing: write it into the `settings` of the account"));
    };
    let account = number(ACCOUNT_NUMBER, config.account_number.as_deref(), 1..=20)?;
    let mut owner =
        json!({ "roleName": "LABEL_OWNER", "CRID": crid, "MID": mid, "manifestMID": manifest_mid });
    let mut payer = owner.clone();
    payer["roleName"] = json!("PAYER");
    match (&config.payer_crid, &config.payer_mid) {
        (None, None) => {
            pay_with(&mut owner, config, kind, account)?;
        }
        (crid, mid) => {
            payer["CRID"] = json!(number(PAYER_CRID, crid.as_deref(), 1..=15)?);
            payer["MID"] = json!(number(PAYER_MID, mid.as_deref(), 6..=9)?);
            payer["manifestMID"] = payer["MID"].clone();
        }
    }
    pay_with(&mut payer, config, kind, account)?;
    let url = at(origin, "/payments/v3/payment-authorization");
    Ok(Some(Payment {
        url: url
            .as_str()
            .parse()
            .map_err(|_| Error::config("origin", "origin: not usable in a URL"))?,
        body: json!({ "roles": [payer, owner] }).to_string(),
        lifetime,
    }))
}

fn pay_with(role: &mut Value, config: &Config, kind: AccountType, account: &str) -> Result<()> {
    role["accountType"] = json!(kind.as_str());
    role["accountNumber"] = json!(account);
    if kind == AccountType::Permit {
        role["permitZIP"] = json!(number(PERMIT_ZIP, config.permit_zip.as_deref(), 5..=5)?);
    }
    Ok(())
}

/// A number with so many digits; as text, because a leading zero counts.
fn number(
    setting: Setting,
    text: Option<&str>,
    digits: std::ops::RangeInclusive<usize>,
) -> Result<&str> {
    let text = setting.required(text)?;
    if digits.contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit()) {
        return Ok(text);
    }
    let (least, most) = (digits.start(), digits.end());
    Err(setting.error(&if least == most {
        format!("is not {least} digits")
    } else {
        format!("is not {least} to {most} digits")
    }))
}

fn lifetime(minutes: Option<&Value>) -> Result<Duration> {
    let minutes = match minutes {
        None => Some(PAYMENT_MINUTES),
        Some(Value::String(text)) => text.parse().ok(),
        Some(value) => value.as_u64(),
    };
    match minutes {
        Some(minutes @ 1..=480) => Ok(Duration::from_secs(minutes * 60)),
        _ => Err(LIFETIME.error("is not a number from 1 to 480")),
    }
}
