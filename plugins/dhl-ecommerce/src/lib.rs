//! DHL eCommerce Americas authentication: OAuth 2.0 client credentials in a form, tokens for an hour.
#![forbid(unsafe_code)]

use oauth2::url::Url;
use plugins_sdk::{
    CarrierAuth, Class, Context, Credential, Environment, Result, Secret,
    oauth::{self, PlainTokenResponse, Refusal, Refusals, TokenRequest},
    settings::{self, Setting},
};
use serde::Deserialize;

/// What the gateway reads about this plugin without running it.
pub const MANIFEST: &str = plugins_sdk::manifest!(include_str!("../manifest.json"));

const CLIENT_ID: Setting = Setting::new("client_id", "DHL eCommerce: Client ID");
const CLIENT_SECRET: Setting = Setting::new("client_secret", "DHL eCommerce: Client Secret");

static REFUSALS: Refusals = Refusals {
    carrier: "DHL eCommerce",
    // The last segment of a URL: `https://api.dhlecs.com/docs/errors/401.0000001`.
    codes_at: &["/type", "/error"],
    codes_in: None,
    known: &[
        Refusal {
            code: "invalid_client",
            class: Class::Rejected,
            message: "DHL eCommerce refuses the credentials (invalid_client): unknown Client ID, wrong Client \
                      Secret, or credentials of the other environment",
        },
        Refusal {
            code: "401.0000001",
            class: Class::Rejected,
            message: "DHL eCommerce refuses the credentials (401.0000001): unknown Client ID, wrong Client \
                      Secret, or credentials of the other environment",
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
}

/// One client of DHL eCommerce Americas.
pub struct DhlEcommerce {
    config: Config,
    token_url: Url,
}

impl CarrierAuth for DhlEcommerce {
    type Config = Config;

    fn new(config: Config) -> Result<Self> {
        let default = match config.environment {
            Environment::Production => "https://api.dhlecs.com",
            Environment::Test => "https://api-sandbox.dhlecs.com",
        };
        let mut token_url = settings::origin(config.origin.as_deref(), default)?;
        token_url.set_path("/auth/v4/accesstoken");
        CLIENT_ID.credential(&config.client_id)?;
        CLIENT_SECRET.credential(config.client_secret.expose())?;
        Ok(Self { config, token_url })
    }

    async fn authorize(&self, cx: &Context) -> Result<Credential> {
        let answer: PlainTokenResponse = TokenRequest::form(&self.token_url)
            .field("grant_type", "client_credentials")
            .field("client_id", &self.config.client_id)
            .field("client_secret", self.config.client_secret.expose())
            .repeatable()
            .send(cx, &REFUSALS)
            .await?;
        oauth::credential(&answer, REFUSALS.carrier)
    }
}
