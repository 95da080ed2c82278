//! Logins that are no OAuth: header fields go out, and a token comes back.

use super::{Refusals, jwt_lifetime, lifetime};
use crate::{Context, Error, Result, http::Delivery};
use ::http::{HeaderMap, Method, Uri};
use oauth2::{HttpRequest, HttpResponse, url::Url};
use std::time::Duration;

/// A login by header fields.
///
/// ```no_run
/// # use plugins_sdk::{Context, Credential, Result, oauth::{FieldLogin, Refusals}};
/// # static REFUSALS: Refusals = Refusals { carrier: "Acme", codes_at: &["/error"], codes_in: None, known: &[] };
/// # async fn f(cx: &Context, login: &FieldLogin) -> Result<Credential> {
/// let answer = login.send(cx, &REFUSALS).await?;
/// let token = String::from_utf8_lossy(answer.body());
/// let lifetime = login.lifetime(&token, cx, REFUSALS.carrier)?;
/// Ok(Credential::bearer(&token)?.expires_in(Some(lifetime)))
/// # }
/// ```
pub struct FieldLogin {
    url: Uri,
    fields: HeaderMap,
    token_lifetime: Option<Duration>,
}

impl FieldLogin {
    /// A login with these fields. `token_lifetime` is for tokens that do not say it themselves.
    pub fn new(url: &Url, fields: HeaderMap, token_lifetime: Option<Duration>) -> Result<Self> {
        let bad_url = |_| Error::config("origin", "origin: the URL of the login is not a URL");
        Ok(Self {
            url: url.as_str().parse().map_err(bad_url)?,
            fields,
            token_lifetime,
        })
    }

    /// Sends the login. `refusals` sorts out what cannot hold a token. A second token must not end the first: the
    /// gateway may send the login again on another connection.
    pub async fn send(&self, cx: &Context, refusals: &'static Refusals) -> Result<HttpResponse> {
        let mut request = HttpRequest::new(Vec::new());
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.url.clone();
        *request.headers_mut() = self.fields.clone();
        request.extensions_mut().insert(Delivery {
            retryable: true,
            timeout: None,
        });
        cx.http()
            .send_checked(request, |response, now| refusals.check(response, now))
            .await
    }

    /// How long a token lives: as it says itself, if it is a JSON Web Token, or as the configuration says.
    pub fn lifetime(&self, token: &str, cx: &Context, carrier: &str) -> Result<Duration> {
        let said = jwt_lifetime(token, cx.now_unix_ms()).or(self.token_lifetime);
        lifetime(said, carrier)
    }
}
