//! The requests that a plugin asks for; made by whoever owns the sockets (the broker).

use ::http::{HeaderMap, Method, StatusCode};
use bytes::Bytes;
use std::{fmt, future::Future, pin::Pin, time::Duration};

/// A request that passed the host's checks: its URL is on an allowed origin.
///
/// `Debug` shows neither fields nor content: a token request carries the client secret.
pub struct HttpRequest {
    /// HTTP method.
    pub method: Method,
    /// Absolute URL.
    pub url: String,
    /// Fields.
    pub headers: HeaderMap,
    /// Content.
    pub body: Bytes,
    /// Deadline for the whole exchange.
    pub timeout: Duration,
    /// The response may not be longer, in bytes.
    pub max_response: usize,
}

impl fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HttpRequest({} {})", self.method, self.url)
    }
}

/// A complete response. `Debug` shows neither fields nor content: it carries a token.
pub struct HttpResponse {
    /// Status.
    pub status: StatusCode,
    /// Fields.
    pub headers: HeaderMap,
    /// Content.
    pub body: Bytes,
}

impl fmt::Debug for HttpResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HttpResponse({})", self.status)
    }
}

/// Where a request came to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HttpErrorKind {
    /// The name did not resolve.
    Dns,
    /// No connection.
    Connect,
    /// No TLS session.
    Tls,
    /// The deadline passed.
    Timeout,
    /// The response was longer than allowed.
    TooLarge,
    /// The host refused to make the request.
    Denied,
    /// Anything after the first byte was written.
    Other,
}

/// A request without a response.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct HttpError {
    /// Where it ended.
    pub kind: HttpErrorKind,
    /// For people; never a secret.
    pub message: String,
}

impl HttpError {
    /// The carrier cannot have seen the request, so a single-use grant in it is unharmed.
    pub const fn certainly_not_sent(&self) -> bool {
        matches!(
            self.kind,
            HttpErrorKind::Dns
                | HttpErrorKind::Connect
                | HttpErrorKind::Tls
                | HttpErrorKind::Denied
        )
    }
}

/// Makes requests. It follows no redirect, reuses no connection whose state is doubtful, retries
/// nothing, and obeys the request's deadline and size limit.
pub trait HttpClient: Send + Sync {
    /// Makes one request.
    fn send(
        &self,
        request: HttpRequest,
    ) -> Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + '_>>;
}
