//! The contract: a request, its response, and the trait that turns one into the other.

use crate::HttpError;
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use std::{fmt, future::Future, pin::Pin, time::Duration};

/// A complete request.
///
/// The caller has already decided that the URL may be asked. `Debug` shows neither fields nor
/// content, because a token request carries the client secret. Of the URL it shows scheme, host and
/// path: a query may hold a code or a key.
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

impl HttpRequest {
    /// The URL as far as it may be shown: scheme, host and path.
    pub fn shown_url(&self) -> String {
        without_secrets(&self.url)
    }
}

impl fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HttpRequest({} {})", self.method, self.shown_url())
    }
}

/// The URL without user, password, query and fragment.
fn without_secrets(url: &str) -> String {
    let shown = url.split(['?', '#']).next().unwrap_or_default();
    let Some((scheme, after)) = shown.split_once("://") else {
        // No URL: nobody can say what it holds.
        return "(malformed URL)".to_owned();
    };
    let (authority, path) = after.split_at(after.find('/').unwrap_or(after.len()));
    // A name may hold an `@` as well, so the last one counts.
    let host = authority.rsplit('@').next().unwrap_or_default();
    format!("{scheme}://{host}{path}")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_secret_of_the_url() {
        for (url, shown) in [
            ("https://host:1/path", "https://host:1/path"),
            ("https://host/path?code=planted", "https://host/path"),
            ("https://host?code=planted/planted", "https://host"),
            ("https://host/path#planted", "https://host/path"),
            ("https://user:planted@host/a@b", "https://host/a@b"),
            ("https://user:pl@nted@host", "https://host"),
            ("planted", "(malformed URL)"),
        ] {
            let request = HttpRequest {
                method: Method::GET,
                url: url.to_owned(),
                headers: HeaderMap::new(),
                body: Bytes::from("planted"),
                timeout: Duration::ZERO,
                max_response: 0,
            };
            assert_eq!(format!("{request:?}"), format!("HttpRequest(GET {shown})"));
        }
    }
}
