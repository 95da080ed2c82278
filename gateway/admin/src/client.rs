//! A typed client of the admin API: one method for each route, with the control plane's names and
//! views.
//!
//! A fresh connection for each call, no redirect, no retry, one deadline. Plain HTTP goes to this
//! machine only: the token would be readable on the way.

mod calls;
mod error;

pub use error::{ApiFailure, ClientError};

use crate::wire::{BASE, ErrorBody};
use bytes::Bytes;
use error::Said;
use gateway_http_client::{HttpClient as _, HttpRequest, HttpResponse, HyperClient, trusted_roots};
use gateway_model::Secret;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use rustls::RootCertStore;
use serde::{Serialize, de::DeserializeOwned};
use std::{fmt, net::IpAddr, time::Duration};
use url::{Host, Url};

/// For what the gateway answers by itself.
const PROMPT: Duration = Duration::from_secs(30);
/// For what it asks a carrier, or does to the whole store. Longer than the server's own deadline,
/// so that its error arrives.
const PATIENT: Duration = Duration::from_secs(200);
/// An answer may not be longer.
const MAX_ANSWER: usize = 64 * 1024 * 1024;
/// A backup may not be longer.
const MAX_BACKUP: usize = 4 * 1024 * 1024 * 1024 - 1;

/// A client of one gateway's admin API. `Debug` shows its address only.
#[derive(Clone)]
pub struct Client {
    /// Scheme and authority, without a trailing `/`.
    base: String,
    authorization: HeaderValue,
    http: HyperClient,
    deadline: Option<Duration>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Client({})", self.base)
    }
}

/// One call, before it is made.
struct Call {
    method: Method,
    /// After [`BASE`], with its query.
    path: String,
    body: Bytes,
    deadline: Duration,
    max_answer: usize,
}

impl Call {
    fn new(method: Method, path: impl Into<String>) -> Self {
        Self {
            method,
            path: path.into(),
            body: Bytes::new(),
            deadline: PROMPT,
            max_answer: MAX_ANSWER,
        }
    }

    fn get(path: impl Into<String>) -> Self {
        Self::new(Method::GET, path)
    }

    fn post(path: impl Into<String>) -> Self {
        Self::new(Method::POST, path)
    }

    fn delete(path: impl Into<String>) -> Self {
        Self::new(Method::DELETE, path)
    }

    fn json(mut self, body: &impl Serialize) -> Self {
        let json = serde_json::to_vec(body).expect("requests are plain JSON: names and values");
        self.body = json.into();
        self
    }

    /// The gateway asks a carrier first, or touches everything.
    const fn patient(mut self) -> Self {
        self.deadline = PATIENT;
        self
    }
}

impl Client {
    /// A client for the admin listener at `base` (`http://127.0.0.1:8081`), with an admin token.
    ///
    /// # Errors
    /// When the address cannot be used, or would send the token in clear over a network; when the
    /// token cannot be a token; when the system has no trusted certificates for https.
    pub fn new(base: &str, token: Secret) -> Result<Self, ClientError> {
        let url = parse_base(base)?;
        let roots = if url.scheme() == "https" {
            trusted_roots(None).map_err(ClientError::Trust)?
        } else {
            RootCertStore::empty()
        };
        let token = token.expose().trim();
        if token.is_empty() {
            return Err(ClientError::Token);
        }
        let mut authorization = HeaderValue::from_str(&format!("Bearer {token}"))
            .map_err(|_not_a_field_value| ClientError::Token)?;
        authorization.set_sensitive(true);
        Ok(Self {
            base: url.as_str().trim_end_matches('/').to_owned(),
            authorization,
            http: HyperClient::with_roots(roots).map_err(ClientError::Trust)?,
            deadline: None,
        })
    }

    /// Another deadline for every call.
    #[must_use]
    pub const fn with_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// The address it calls, for messages.
    pub fn base(&self) -> &str {
        &self.base
    }

    async fn json<T: DeserializeOwned>(&self, call: Call) -> Result<T, ClientError> {
        let answer = self.answer(call).await?;
        serde_json::from_slice(&answer.body).map_err(|_not_ours| {
            self.not_understood(&answer, "the answer is not what was expected")
        })
    }

    async fn nothing(&self, call: Call) -> Result<(), ClientError> {
        self.answer(call).await.map(drop)
    }

    /// The answer, if it is a success.
    async fn answer(&self, call: Call) -> Result<HttpResponse, ClientError> {
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, self.authorization.clone());
        if !call.body.is_empty() {
            let json = HeaderValue::from_static("application/json");
            headers.insert(header::CONTENT_TYPE, json);
        }
        let request = HttpRequest {
            method: call.method,
            url: format!("{}{BASE}{}", self.base, call.path),
            headers,
            body: call.body,
            timeout: self.deadline.unwrap_or(call.deadline),
            max_response: call.max_answer,
        };
        let answer = (self.http.send(request).await)
            .map_err(|error| ClientError::of_transport(&self.base, error))?;
        if answer.status.is_success() {
            return Ok(answer);
        }
        Err(self.failure(&answer))
    }

    fn failure(&self, answer: &HttpResponse) -> ClientError {
        let Ok(ErrorBody { error }) = serde_json::from_slice(&answer.body) else {
            return self.not_understood(answer, "its error is not a gateway's");
        };
        // A route or a field that the gateway does not know is most likely one of another version.
        let unknown = matches!(
            error.code.as_str(),
            "not_found" | "method_not_allowed" | "unknown_field"
        );
        let said = Said::of(answer);
        if unknown && said.is_other_version() {
            return ClientError::other_version(&self.base, said);
        }
        let failure = ApiFailure {
            status: answer.status,
            code: error.code,
            message: error.message,
            remedy: error.remedy,
            retry_after: seconds(answer),
        };
        if answer.status == StatusCode::UNAUTHORIZED {
            ClientError::Unauthorized(failure)
        } else {
            ClientError::Api(failure)
        }
    }

    fn not_understood(&self, answer: &HttpResponse, what: &'static str) -> ClientError {
        let said = Said::of(answer);
        if said.is_other_version() {
            return ClientError::other_version(&self.base, said);
        }
        ClientError::NotUnderstood {
            base: self.base.clone(),
            status: answer.status,
            what,
        }
    }
}

fn seconds(answer: &HttpResponse) -> Option<Duration> {
    let value = answer.headers.get(header::RETRY_AFTER)?.to_str().ok()?;
    value.parse().ok().map(Duration::from_secs)
}

fn parse_base(base: &str) -> Result<Url, ClientError> {
    let unusable = |why| ClientError::Base { why };
    let url: Url = base
        .parse()
        .map_err(|_malformed| unusable("it is malformed"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(unusable("it names a user"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(unusable("it has a query or a fragment"));
    }
    let here = match url.host() {
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(Host::Ipv4(address)) => IpAddr::from(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::from(address).is_loopback(),
        None => return Err(unusable("it has no host")),
    };
    match url.scheme() {
        "https" => Ok(url),
        "http" if here => Ok(url),
        "http" => Err(ClientError::Plaintext),
        _ => Err(unusable("it begins with neither http:// nor https://")),
    }
}

#[cfg(test)]
mod tests;
