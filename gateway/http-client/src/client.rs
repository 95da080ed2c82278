//! The contract: a request, its response, and the trait that turns one into the other.

use crate::HttpError;
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use std::{fmt, future::Future, pin::Pin, time::Duration};

/// A complete request.
///
/// The caller has already decided that the URL may be asked. `Debug` shows neither fields nor
/// content, because a token request carries the client secret.
pub struct HttpRequest {
    /// HTTP method.
    pub method: Method,
    /// Absolute URL.
    pub url: String,
    /// Fields.
    pub headers: HeaderMap,
    /// Content.
    pub body: Bytes,
    /// Deadline for the whole exchange, from the DNS lookup to the last byte of the response.
    pub timeout: Duration,
    /// Maximum length of the response's content, in bytes.
    pub max_response: usize,
}

impl fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HttpRequest({} {})", self.method, self.url)
    }
}

/// A complete response.
///
/// `Debug` shows neither fields nor content, because a token response carries the token.
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

/// Makes requests.
///
/// An implementation follows no redirect, retries nothing, reuses no connection whose state is
/// doubtful, and obeys the request's deadline and size limit. Retrying is the caller's decision: a
/// refresh token may be presented only once.
pub trait HttpClient: Send + Sync {
    /// Makes one request.
    fn send(
        &self,
        request: HttpRequest,
    ) -> Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + '_>>;
}
