//! DPD authentication: the META API exchanges three header fields for a token, which comes in a header field.
#![forbid(unsafe_code)]

mod config;
mod refusals;

pub use config::{Config, LoginType};

use config::Account;
use oauth2::{HttpRequest, HttpResponse};
use plugins_sdk::{
    CarrierAuth, Class, Context, Credential, Error, Facts, Result,
    http::Delivery,
    oauth::{jwt_lifetime, lifetime},
};
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
        let response = cx
            .http()
            .send_checked(self.request(), |response, now| {
                REFUSALS.check(response, now)
            })
            .await?;
        let token = token(&response)?;
        let said = jwt_lifetime(token, cx.now_unix_ms()).or(self.account.token_lifetime);
        let facts = Facts {
            token_type: Some("Bearer".to_owned()),
            ..Facts::default()
        };
        Ok(Credential::bearer(token)?
            .expires_in(Some(lifetime(said, REFUSALS.carrier)?))
            .facts(facts))
    }
}

impl Dpd {
    fn request(&self) -> HttpRequest {
        let mut request = HttpRequest::new(Vec::new());
        *request.method_mut() = http::Method::POST;
        *request.uri_mut() = self.account.login_url.clone();
        *request.headers_mut() = self.account.login.clone();
        // A second token does not end the first.
        request.extensions_mut().insert(Delivery {
            retryable: true,
            timeout: None,
        });
        request
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
