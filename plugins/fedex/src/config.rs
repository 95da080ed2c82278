//! One account's configuration, checked.

use oauth2::url::Url;
use plugins_sdk::{
    Environment, Error, Result, Secret,
    settings::{self, Setting},
};
use serde::Deserialize;

const CLIENT_ID: Setting = Setting::new("client_id", "FedEx: API Key");
const CLIENT_SECRET: Setting = Setting::new("client_secret", "FedEx: Secret Key");
const CHILD_KEY: Setting = Setting::new("child_key", "FedEx: Child Key, or Customer Key");
const CHILD_SECRET: Setting =
    Setting::new("child_secret", "FedEx: Child Secret, or Customer Password");
const CUSTOMER_TYPE: Setting = Setting::new("customer_type", "FedEx: type of customer");
const ACCOUNT_NUMBER: Setting = Setting::new("account_number", "FedEx: shipping account number");

/// The hosts of trade documents, and where their tokens come from.
const DOCUMENT_HOSTS: [(&str, &str); 2] = [
    ("documentapi.prod.fedex.com", "https://apis.fedex.com"),
    (
        "documentapitest.prod.fedex.com",
        "https://apis-sandbox.fedex.com",
    ),
];

/// What the gateway hands over for one account. Keys that a newer gateway adds are ignored.
#[derive(Deserialize)]
pub struct Config {
    environment: Environment,
    origin: Option<String>,
    client_id: String,
    client_secret: Secret,
    account_number: Option<String>,
    #[serde(default)]
    customer_type: CustomerType,
    child_key: Option<String>,
    child_secret: Option<Secret>,
}

/// How FedEx knows the customer; it decides the grant type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CustomerType {
    /// A shipper with its own project.
    #[default]
    Internal,
    /// An integrator or compatible provider that acts for a customer.
    Integrator,
    /// A proprietary parent with child accounts.
    ParentChild,
}

/// A configuration that can work.
pub(crate) struct Account {
    pub(crate) token_url: Url,
    pub(crate) grant_type: &'static str,
    pub(crate) client_id: String,
    pub(crate) client_secret: Secret,
    pub(crate) child: Option<(String, Secret)>,
}

impl Account {
    pub(crate) fn new(config: Config) -> Result<Self> {
        let default = match config.environment {
            Environment::Production => "https://apis.fedex.com",
            Environment::Test => "https://apis-sandbox.fedex.com",
        };
        let mut token_url = settings::origin(config.origin.as_deref(), default)?;
        // The hosts of trade documents issue no tokens; they take those of the other hosts.
        let mut documents = DOCUMENT_HOSTS.iter();
        if let Some((_, issuer)) = documents.find(|(host, _)| token_url.host_str() == Some(*host)) {
            token_url = settings::origin(None, issuer)?;
        }
        token_url.set_path("/oauth/token");
        CLIENT_ID.credential(&config.client_id)?;
        CLIENT_SECRET.credential(config.client_secret.expose())?;
        if let Some(number) = &config.account_number
            && (number.len() != 9 || !number.bytes().all(|b| b.is_ascii_digit()))
        {
            return Err(ACCOUNT_NUMBER.error("is not nine digits"));
        }
        let grant_type = match config.customer_type {
            CustomerType::Internal => "client_credentials",
            CustomerType::Integrator => "csp_credentials",
            CustomerType::ParentChild => "client_pc_credentials",
        };
        Ok(Self {
            token_url,
            grant_type,
            client_id: config.client_id,
            client_secret: config.client_secret,
            child: child(config.customer_type, config.child_key, config.child_secret)?,
        })
    }
}

fn child(
    customer: CustomerType,
    key: Option<String>,
    secret: Option<Secret>,
) -> Result<Option<(String, Secret)>> {
    if customer == CustomerType::Internal {
        // FedEx would ignore the pair and bill the parent, which nobody notices before the invoice.
        let unused = match (&key, &secret) {
            (None, None) => return Ok(None),
            (Some(_), _) => CHILD_KEY,
            (None, Some(_)) => CHILD_SECRET,
        };
        return Err(unused.error(&format!(
            "is set, but {} is internal: set it to integrator or parent_child",
            CUSTOMER_TYPE.key
        )));
    }
    CHILD_KEY.required(key.as_deref())?;
    CHILD_SECRET.required(secret.as_ref().map(Secret::expose))?;
    let missing = || Error::config(CHILD_KEY.key, "the child pair is not complete");
    Ok(Some(key.zip(secret).ok_or_else(missing)?))
}
