//! A token request of any form, for carriers that the `oauth2` crate's own requests do not fit.

use super::{CarrierTokenResponse, Refusals, convert};
use crate::{Context, Result, basic, http::Delivery};
use ::http::{
    HeaderName, HeaderValue, Method,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE},
};
use oauth2::{
    EmptyExtraTokenFields, ExtraTokenFields, HttpRequest,
    url::{Url, form_urlencoded},
};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// A request to a token endpoint.
///
/// ```no_run
/// # use plugins_sdk::{Context, Credential, Result, oauth::{self, Refusals, TokenRequest}};
/// # static REFUSALS: Refusals = Refusals { carrier: "Acme", codes_at: &["/error"], codes_in: None, known: &[] };
/// # async fn f(cx: &Context, url: &oauth2::url::Url) -> Result<Credential> {
/// let answer = TokenRequest::form(url)
///     .field("grant_type", "client_credentials")
///     .basic("id", "secret")
///     .send::<oauth2::EmptyExtraTokenFields>(cx, &REFUSALS)
///     .await?;
/// oauth::credential(&answer, "Acme")
/// # }
/// ```
#[must_use = "nothing is sent before `send`"]
pub struct TokenRequest {
    request: HttpRequest,
    fields: Vec<(&'static str, String)>,
    json: bool,
}

impl TokenRequest {
    /// A POST of a form.
    pub fn form(url: &Url) -> Self {
        Self::new(url, false)
    }

    /// A POST of a JSON object.
    pub fn json(url: &Url) -> Self {
        Self::new(url, true)
    }

    fn new(url: &Url, json: bool) -> Self {
        let mut request = HttpRequest::new(Vec::new());
        *request.method_mut() = Method::POST;
        // A `Url` is a valid URI; the gateway would refuse an empty one by name.
        *request.uri_mut() = url.as_str().parse().unwrap_or_default();
        let (kind, accept) = if json {
            ("application/json", "application/json")
        } else {
            ("application/x-www-form-urlencoded", "application/json")
        };
        let headers = request.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        headers.insert(ACCEPT, HeaderValue::from_static(accept));
        Self {
            request,
            fields: Vec::new(),
            json,
        }
    }

    /// Adds a field of the content.
    pub fn field(mut self, name: &'static str, value: &str) -> Self {
        self.fields.push((name, value.to_owned()));
        self
    }

    /// Adds Basic authentication.
    pub fn basic(mut self, user: &str, password: &str) -> Self {
        self.request
            .headers_mut()
            .insert(AUTHORIZATION, basic(user, password));
        self
    }

    /// Adds a header field.
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.request.headers_mut().insert(name, value);
        self
    }

    /// Lets the gateway send the request again on another connection. Only for requests that may be made
    /// twice: client credentials and passwords, but not codes and refresh tokens.
    pub fn repeatable(mut self) -> Self {
        self.request.extensions_mut().insert(Delivery {
            retryable: true,
            timeout: None,
        });
        self
    }

    /// Sends the request and reads the answer. `refusals` sorts out what cannot hold a token.
    pub async fn send<F>(
        mut self,
        cx: &Context,
        refusals: &'static Refusals,
    ) -> Result<CarrierTokenResponse<F>>
    where
        F: ExtraTokenFields + DeserializeOwned,
    {
        let fields = std::mem::take(&mut self.fields);
        *self.request.body_mut() = if self.json {
            let members = fields.into_iter();
            let members: Map<String, Value> = members
                .map(|(name, value)| (name.to_owned(), value.into()))
                .collect();
            Value::Object(members).to_string().into_bytes()
        } else {
            let mut form = form_urlencoded::Serializer::new(String::new());
            form.extend_pairs(fields);
            form.finish().into_bytes()
        };
        let response = cx
            .http()
            .send_checked(self.request, |response, now| refusals.check(response, now))
            .await?;
        convert::token_response(response.body())
    }
}

/// What a carrier without fields of its own answers.
pub type PlainTokenResponse = CarrierTokenResponse<EmptyExtraTokenFields>;
