//! Royal Mail authentication: the Shipping API v3 exchanges four header fields for a token.
#![forbid(unsafe_code)]

mod config;
mod refusals;

pub use config::Config;

use config::Account;
use http::HeaderName;
use plugins_sdk::{CarrierAuth, Class, Context, Credential, Error, Facts, Result};
use refusals::REFUSALS;
use serde::Deserialize;

/// What the gateway reads about this plugin without running it.
pub const MANIFEST: &str = plugins_sdk::manifest!(include_str!("../manifest.json"));

const CLIENT_ID: HeaderName = HeaderName::from_static("x-ibm-client-id");
const AUTH_TOKEN: HeaderName = HeaderName::from_static("x-rmg-auth-token");

/// One user of the Shipping API.
pub struct RoyalMail {
    account: Account,
}

/// No field but the token: everything else is in the token itself.
#[derive(Deserialize)]
struct TokenAnswer {
    token: String,
}

impl CarrierAuth for RoyalMail {
    type Config = Config;

    fn new(config: Config) -> Result<Self> {
        let account = Account::new(config)?;
        Ok(Self { account })
    }

    async fn authorize(&self, cx: &Context) -> Result<Credential> {
        let login = &self.account.login;
        let response = login.send(cx, &REFUSALS).await?;
        let answer = serde_json::from_slice::<TokenAnswer>(response.body());
        // The parser's error quotes a part of the answer, which may be the token.
        let token = answer
            .map_err(|_| protocol("unreadable_answer", "has no token"))?
            .token;
        let fits = |b: u8| b.is_ascii_alphanumeric() || b"-._~+/=".contains(&b);
        if token.is_empty() || !token.bytes().all(fits) {
            return Err(protocol(
                "bad_token",
                "has a token with characters that no token has",
            ));
        }
        let lifetime = login.lifetime(&token, cx, REFUSALS.carrier)?;
        let facts = Facts {
            token_type: Some("X-RMG-Auth-Token".to_owned()),
            ..Facts::default()
        };
        Ok(Credential::empty()
            .header(AUTH_TOKEN, &token)?
            .header(CLIENT_ID, &self.account.client_id)?
            .expires_in(Some(lifetime))
            .facts(facts))
    }
}

fn protocol(code: &'static str, fault: &str) -> Error {
    let message = format!("Royal Mail's token answer {fault}");
    Error::new(Class::Protocol, code, message)
}
