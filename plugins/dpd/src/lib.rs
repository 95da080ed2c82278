//! DPD authentication: the META API exchanges three header fields for a token, which comes in a header field.
#![forbid(unsafe_code)]

mod config;
mod refusals;

pub use config::{Config, LoginType};

use config::Account;
use oauth2::HttpResponse;
use plugins_sdk::{CarrierAuth, Class, Context, Credential, Error, Facts, Result};
use refusals::REFUSALS;

/// What the gateway reads about this plugin without running it.
pub const MANIFEST: &str = plugins_sdk::manifest!(include_str!("../manifest.json"));

/// One login at a business unit of DPD.
pub struct Dpd {
    account: Account,
}

impl CarrierAuth for Dpd {
    type Config = Config;

    fn new(config: Config) -> Result<Self> {
        let account = Account::new(config)?;
        Ok(Self { account })
    }

    async fn authorize(&self, cx: &Context) -> Result<Credential> {
        let login = &self.account.login;
        let response = login.send(cx, &REFUSALS).await?;
        let token = token(&response)?;
        let lifetime = login.lifetime(token, cx, REFUSALS.carrier)?;
        let facts = Facts {
            token_type: Some("Bearer".to_owned()),
            ..Facts::default()
        };
        Ok(Credential::bearer(token)?
            .expires_in(Some(lifetime))
            .facts(facts))
    }
}

/// The token. Two of them would leave open which one is meant.
fn token(response: &HttpResponse) -> Result<&str> {
    let mut fields = response.headers().get_all("x-dpd-token").iter();
    let token = fields.next().and_then(|value| value.to_str().ok());
    match (token.map(str::trim), fields.next()) {
        (Some(token), None) if !token.is_empty() => Ok(token),
        (_, Some(_)) => Err(protocol("has two fields X-DPD-TOKEN")),
        (_, None) => Err(protocol(
            "has no field X-DPD-TOKEN, so it did not come from DPD's login",
        )),
    }
}

fn protocol(fault: &str) -> Error {
    Error::new(
        Class::Protocol,
        "no_token",
        format!("DPD's login answer {fault}"),
    )
}
