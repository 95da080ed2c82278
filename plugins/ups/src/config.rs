//! One account's configuration, checked.

use http::{HeaderValue, Uri, uri::Scheme};
use oauth2::{AuthUrl, ClientId, TokenUrl, url::Url};
use plugins_sdk::{Error, Result, Secret};
use serde::Deserialize;

/// Far longer than any that UPS issues; together they still fit into a header field.
const MAX_CREDENTIAL: usize = 1024;
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
    grant: Grant,
}

/// Whose tokens these are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Grant {
    /// The application's own.
    #[default]
    ClientCredentials,
    /// Those of a ups.com user who consented.
    AuthorizationCode,
}

/// Which of UPS's two worlds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Environment {
    /// Real shipments, real money.
    Production,
    /// UPS's Customer Integration Environment.
    Test,
}

impl Environment {
    /// Where UPS is, unless the operator says otherwise.
    pub const fn origin(self) -> &'static str {
        match self {
            Self::Production => "https://onlinetools.ups.com",
            Self::Test => "https://wwwcie.ups.com",
        }
    }
}

/// A configuration that can work.
pub(crate) struct Account {
    pub(crate) client_id: ClientId,
    pub(crate) grant: Grant,
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
        let origin = origin(
            config
                .origin
                .as_deref()
                .unwrap_or_else(|| config.environment.origin()),
        )?;
        let at = |path| {
            let mut url = origin.clone();
            url.set_path(path);
            url
        };
        credential_text("client_id", &config.client_id)?;
        credential_text("client_secret", config.client_secret.expose())?;
        // RFC 7617 section 2: the first colon parts the two.
        if config.client_id.contains(':') {
            return Err(Error::config(
                "client_id",
                "client_id: Basic authentication allows no colon",
            ));
        }
        Ok(Self {
            grant: config.grant,
            authorize_url: AuthUrl::from_url(at(AUTHORIZE_PATH)),
            token_url: TokenUrl::from_url(at(TOKEN_PATH)),
            refresh_url: TokenUrl::from_url(at(REFRESH_PATH)),
            basic: plugins_sdk::basic(&config.client_id, config.client_secret.expose()),
            account_number: config
                .account_number
                .as_deref()
                .map(account_number)
                .transpose()?,
            client_id: ClientId::new(config.client_id),
        })
    }
}

/// Catches what copying from a web page adds: UPS would only say 10401, which looks like a wrong
/// secret.
fn credential_text(key: &'static str, text: &str) -> Result<()> {
    let fault = if text.is_empty() {
        "is empty"
    } else if text.len() > MAX_CREDENTIAL {
        "is too long to be one that UPS issued"
    } else if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        "contains white space or control characters: copy it again without them"
    } else {
        return Ok(());
    };
    Err(Error::config(key, format!("{key} {fault}")))
}

fn bad_origin<E>(_: E) -> Error {
    Error::config(
        "origin",
        "origin: write a scheme and a host only, as in https://wwwcie.ups.com",
    )
}

fn origin(origin: &str) -> Result<Url> {
    let uri: Uri = origin.parse().map_err(bad_origin)?;
    let web = [Some(&Scheme::HTTPS), Some(&Scheme::HTTP)].contains(&uri.scheme());
    // Looked for in the text, because the parser hides some of them.
    let bare = uri.path() == "/" && uri.query().is_none() && !origin.contains(['@', '?', '#']);
    if !web || !bare {
        return Err(bad_origin(()));
    }
    origin.parse().map_err(bad_origin)
}

fn account_number(text: &str) -> Result<HeaderValue> {
    let fault = "account_number: a UPS shipper number is six letters or digits";
    // `x-merchant-id` is the six-character shipper number, by UPS's document.
    if text.len() != 6 || !text.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return Err(Error::config("account_number", fault));
    }
    HeaderValue::from_str(text).map_err(|_| Error::config("account_number", fault))
}
