//! GLS Group authentication: OAuth 2.0 client credentials, with Basic authentication or in the form.
#![forbid(unsafe_code)]

use oauth2::url::Url;
use plugins_sdk::{
    CarrierAuth, Class, Context, Credential, Environment, Error, Result, Secret,
    oauth::{self, PlainTokenResponse, Refusal, Refusals, TokenRequest},
    settings::{self, Setting},
};
use serde::Deserialize;

/// What the gateway reads about this plugin without running it.
pub const MANIFEST: &str = plugins_sdk::manifest!(include_str!("../manifest.json"));

const CLIENT_ID: Setting = Setting::new("client_id", "GLS: client_id, or App ID");
const CLIENT_SECRET: Setting = Setting::new("client_secret", "GLS: client_secret, or App secret");

static REFUSALS: Refusals = Refusals {
    carrier: "GLS",
    // RFC 6749 has `error`; GLS's own document has `errors` with a status in `type`.
    codes_at: &["/error", "/errors/0/type", "/errors/0/code"],
    codes_in: Some("error"),
    known: &[
        Refusal {
            code: "invalid_client",
            class: Class::Rejected,
            message: "GLS refuses the credentials (invalid_client): unknown client_id, wrong client_secret, or \
                      an app of the other environment",
        },
        Refusal {
            code: "unauthorized_client",
            class: Class::Rejected,
            message: "GLS does not let this app request tokens (unauthorized_client): look at its state at \
                      dev-portal.gls-group.net",
        },
    ],
};

/// What the gateway hands over for one account. Keys that a newer gateway adds are ignored.
#[derive(Deserialize)]
pub struct Config {
    environment: Environment,
    origin: Option<String>,
    client_id: String,
    client_secret: Secret,
    #[serde(default)]
    credentials_in: CredentialsIn,
}

/// Where the credentials travel. GLS takes both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CredentialsIn {
    /// In Basic authentication.
    #[default]
    Basic,
    /// In the form.
    Form,
}

/// One app at GLS.
pub struct Gls {
    config: Config,
    token_url: Url,
}

impl CarrierAuth for Gls {
    type Config = Config;

    fn new(config: Config) -> Result<Self> {
        let default = match config.environment {
            Environment::Production => "https://api.gls-group.net",
            Environment::Test => "https://api-sandbox.gls-group.net",
        };
        let mut token_url = settings::origin(config.origin.as_deref(), default)?;
        token_url.set_path("/oauth2/v2/token");
        CLIENT_ID.credential(&config.client_id)?;
        CLIENT_SECRET.credential(config.client_secret.expose())?;
        // RFC 7617 section 2: the first colon parts the two.
        if config.credentials_in == CredentialsIn::Basic && config.client_id.contains(':') {
            let fault = "has a colon, which Basic authentication does not allow: set credentials_in to form";
            return Err(CLIENT_ID.error(fault));
        }
        Ok(Self { config, token_url })
    }

    async fn authorize(&self, cx: &Context) -> Result<Credential> {
        let (id, secret) = (&self.config.client_id, self.config.client_secret.expose());
        let request = TokenRequest::form(&self.token_url).field("grant_type", "client_credentials");
        let request = match self.config.credentials_in {
            CredentialsIn::Basic => request.basic(id, secret),
            CredentialsIn::Form => request
                .field("client_id", id)
                .field("client_secret", secret),
        };
        let answer: PlainTokenResponse = request
            .repeatable()
            .send(cx, &REFUSALS)
            .await
            .map_err(client_identifier)?;
        oauth::credential(&answer, REFUSALS.carrier)
    }
}

/// GLS's document answers an invalid client identifier with 400, where other carriers say 401: it is the
/// credentials that are wrong, not the form of the request.
fn client_identifier(error: Error) -> Error {
    // Without GLS's own form a 400 is of another class, and says nothing about the credentials.
    if error.class() != Class::Config || error.code() != "http_400" {
        return error;
    }
    let message = "GLS refuses the token request with HTTP 400: unknown client_id, wrong client_secret, or an app \
                   of the other environment";
    Error::new(Class::Rejected, "http_400", message)
}
