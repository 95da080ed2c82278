//! A typed client of the admin API: one method for each route, named like the control plane's.
//!
//! Each call opens a new connection and has one deadline. The client follows no redirect and
//! retries nothing. It uses plain HTTP only to this machine, because the token would be readable
//! in transit.

mod calls;
mod error;

pub use error::{ApiError, ClientError};

use crate::{BASE_PATH, ErrorBody};
use bytes::Bytes;
use error::ReportedVersion;
use gateway_http_client::{
    HttpClient as _, HttpRequest, HttpResponse, HyperClient, TrustError, trusted_roots,
};
use gateway_model::Secret;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use rustls::RootCertStore;
use serde::{Serialize, de::DeserializeOwned};
use std::{fmt, net::IpAddr, path::PathBuf, time::Duration};
use url::{Host, Url};

/// The deadline of a call that the gateway answers without asking a carrier.
const SHORT_DEADLINE: Duration = Duration::from_secs(30);
/// The deadline of a call that asks a carrier or works on the whole store. It is longer than the
/// server's own deadline, so that the server's error arrives.
const LONG_DEADLINE: Duration = Duration::from_secs(200);
/// The maximum length of a response.
// Bounded, because any server may answer at this address.
const MAX_RESPONSE: usize = 64 * 1024 * 1024;
/// The maximum length of a backup.
// The largest 32-bit length: a backup is the only response that may be this long.
const MAX_BACKUP: usize = 4 * 1024 * 1024 * 1024 - 1;

/// A client of one gateway's admin API. `Debug` shows its address only.
#[derive(Clone)]
pub struct Client {
    /// Scheme and authority, without a trailing `/`.
    base: String,
    authorization: HeaderValue,
    http: HyperClient,
    // Replaces the deadline of each call, so that a script can wait less than the longest call takes.
    deadline: Option<Duration>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Client({})", self.base)
    }
}

/// What a client trusts besides the system's certificate authorities.
#[derive(Clone, Debug, Default)]
pub struct Trust {
    /// A PEM file of certificate authorities.
    pub ca_file: Option<PathBuf>,
    /// A PEM file with the gateway's own certificate: whoever proves to have its key is the gateway, by
    /// whatever name.
    pub certificate: Option<PathBuf>,
}

impl Trust {
    fn client(&self) -> Result<HyperClient, TrustError> {
        let roots = trusted_roots(self.ca_file.as_deref());
        let Some(certificate) = &self.certificate else {
            return HyperClient::with_roots(roots?);
        };
        let roots = match roots {
            // The certificate is enough.
            Err(TrustError::Empty) => RootCertStore::empty(),
            roots => roots?,
        };
        HyperClient::with_known_server(roots, certificate)
    }
}

/// One call, before it is made.
struct Call {
    method: Method,
    /// The path after [`BASE_PATH`], with its query.
    path: String,
    body: Bytes,
    deadline: Duration,
    max_response: usize,
}

impl Call {
    fn new(method: Method, path: impl Into<String>) -> Self {
        Self {
            method,
            path: path.into(),
            body: Bytes::new(),
            deadline: SHORT_DEADLINE,
            max_response: MAX_RESPONSE,
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

    /// Sets the deadline of a call that asks a carrier or works on the whole store.
    const fn long(mut self) -> Self {
        self.deadline = LONG_DEADLINE;
        self
    }
}

impl Client {
    /// A client for the admin listener at `base` (`http://127.0.0.1:8081`), with an admin token.
    ///
    /// # Errors
    /// When the address is unusable or would send the token in clear over a network, when the token
    /// is malformed, or when `https` is used and the system trust store is empty.
    pub fn new(base: &str, token: Secret) -> Result<Self, ClientError> {
        Self::trusting(base, token, &Trust::default())
    }

    /// As [`Self::new`], and trusts more than the system does.
    ///
    /// # Errors
    /// As [`Self::new`], and when one of the files cannot be used.
    pub fn trusting(base: &str, token: Secret, trust: &Trust) -> Result<Self, ClientError> {
        // The address before the trust store: a mistyped one is the likelier cause, and the cheaper one to find.
        let url = parse_base(base)?;
        let http = if url.scheme() == "https" {
            trust.client()
        } else {
            // Plain http needs no roots: a machine without a trust store can still call its own
            // gateway.
            HyperClient::with_roots(RootCertStore::empty())
        };
        // A token file usually ends with a line break.
        let token = token.expose().trim();
        if token.is_empty() {
            return Err(ClientError::Token);
        }
        let mut authorization = HeaderValue::from_str(&format!("Bearer {token}"))
            .map_err(|_not_a_field_value| ClientError::Token)?;
        // Keeps the token out of `Debug` output.
        authorization.set_sensitive(true);
        Ok(Self {
            // Without the slash at the end, since every path begins with one.
            base: url.as_str().trim_end_matches('/').to_owned(),
            authorization,
            http: http.map_err(ClientError::Trust)?,
            deadline: None,
        })
    }

    /// Replaces the deadline of every call.
    #[must_use]
    pub const fn with_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// The address that it calls, for messages.
    pub fn base(&self) -> &str {
        &self.base
    }

    async fn json<T: DeserializeOwned>(&self, call: Call) -> Result<T, ClientError> {
        let response = self.send(call).await?;
        // The cause is dropped: serde's message may quote a piece of the body, and a body may hold a secret.
        serde_json::from_slice(&response.body).map_err(|_unexpected_shape| {
            self.not_understood(&response, "the body does not have the expected form")
        })
    }

    async fn nothing(&self, call: Call) -> Result<(), ClientError> {
        self.send(call).await.map(drop)
    }

    /// Makes the call. A response that is not a success becomes an error.
    async fn send(&self, call: Call) -> Result<HttpResponse, ClientError> {
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, self.authorization.clone());
        if !call.body.is_empty() {
            let json = HeaderValue::from_static("application/json");
            headers.insert(header::CONTENT_TYPE, json);
        }
        let request = HttpRequest {
            method: call.method,
            // Joined as text: `base` has no path, and a path of the API needs no further parsing.
            url: format!("{}{BASE_PATH}{}", self.base, call.path),
            headers,
            body: call.body,
            timeout: self.deadline.unwrap_or(call.deadline),
            max_response: call.max_response,
        };
        let response = (self.http.send(request).await)
            .map_err(|error| ClientError::from_transport(&self.base, error))?;
        // A redirect is no success: it could lead the token elsewhere.
        if response.status.is_success() {
            return Ok(response);
        }
        Err(self.error_from(&response))
    }

    fn error_from(&self, response: &HttpResponse) -> ClientError {
        // A proxy or another program may answer here, so an error need not have the gateway's form.
        let Ok(ErrorBody { error }) = serde_json::from_slice(&response.body) else {
            return self.not_understood(response, "the error does not have a gateway's form");
        };
        // An unknown route or field most likely means that the two programs differ in version: say
        // that instead of a bare "not found".
        let unknown = matches!(
            error.code.as_str(),
            "not_found" | "method_not_allowed" | "unknown_field"
        );
        let version = ReportedVersion::of(response);
        if unknown && version.differs() {
            return ClientError::from_version(&self.base, version);
        }
        let failure = ApiError {
            status: response.status,
            code: error.code,
            message: error.message,
            remedy: error.remedy,
            mistakes: error.mistakes.into(),
            retry_after: retry_after(response),
        };
        // Apart from other errors, because its remedy is another token and not another request.
        if response.status == StatusCode::UNAUTHORIZED {
            ClientError::Unauthorized(failure)
        } else {
            ClientError::Api(failure)
        }
    }

    fn not_understood(&self, response: &HttpResponse, what: &'static str) -> ClientError {
        let version = ReportedVersion::of(response);
        if version.differs() {
            return ClientError::from_version(&self.base, version);
        }
        ClientError::NotUnderstood {
            base: self.base.clone(),
            status: response.status,
            what,
        }
    }
}

fn retry_after(response: &HttpResponse) -> Option<Duration> {
    let value = response.headers.get(header::RETRY_AFTER)?.to_str().ok()?;
    // Only seconds: the gateway never sends a date here.
    value.parse().ok().map(Duration::from_secs)
}

fn parse_base(base: &str) -> Result<Url, ClientError> {
    let unusable = |why| ClientError::Base { why };
    let url: Url = base
        .parse()
        .map_err(|_malformed| unusable("it is malformed"))?;
    // A password in the address would end up in shell histories and error messages.
    if !url.username().is_empty() || url.password().is_some() {
        return Err(unusable("it names a user"));
    }
    // Both would be lost silently when a path is added.
    if url.query().is_some() || url.fragment().is_some() {
        return Err(unusable("it has a query or a fragment"));
    }
    let is_loopback = match url.host() {
        // By name too, since people write `localhost`; every other name could lead to another machine.
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(Host::Ipv4(address)) => IpAddr::from(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::from(address).is_loopback(),
        None => return Err(unusable("it has no host")),
    };
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_loopback => Ok(url),
        "http" => Err(ClientError::Plaintext),
        _ => Err(unusable("it begins with neither http:// nor https://")),
    }
}

#[cfg(test)]
mod tests;
