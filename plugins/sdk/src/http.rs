//! The gateway's HTTP client, as a plugin sees it.

use crate::{
    Class, Error, Result,
    services::Services,
    task::{Exchange, Mailbox},
};
use ::http::{HeaderMap, StatusCode, header::RETRY_AFTER};
use oauth2::{AsyncHttpClient, HttpRequest, HttpResponse};
use plugins_abi::Network;
use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::{Duration, SystemTime},
};

/// A carrier that asks for a longer pause than this means "some day".
const MAX_RETRY_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// Sends requests through the gateway: `https`, to hosts that the manifest and the operator allow,
/// no redirects, one deadline, a bounded response.
#[derive(Clone)]
pub struct Http {
    mailbox: Arc<Mailbox>,
    services: Arc<dyn Services>,
}

/// How a request is to be delivered; put it into [`::http::Request::extensions_mut`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Delivery {
    /// Presenting the request twice does no harm, so the gateway may repeat it on a new connection.
    pub retryable: bool,
    /// Shorter than the gateway's own deadline.
    pub timeout: Option<Duration>,
}

/// An exchange under way: a request that was made, or will be with the first poll.
///
/// A type of its own without lifetimes, because `oauth2` bounds its HTTP client's future by one and
/// the compiler cannot prove that of an `async` block within an `async fn` that has to be `Send`.
#[must_use = "a request is not sent before it is awaited"]
pub struct ResponseFuture(Pin<Box<dyn Future<Output = Result<HttpResponse>> + Send>>);

impl Future for ResponseFuture {
    type Output = Result<HttpResponse>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(cx)
    }
}

impl Http {
    pub(crate) const fn new(mailbox: Arc<Mailbox>, services: Arc<dyn Services>) -> Self {
        Self { mailbox, services }
    }

    /// Sends a request and yields the response, whatever its status. Nothing is sent before the
    /// first poll; dropping the future cancels the request.
    pub fn send(&self, request: HttpRequest) -> ResponseFuture {
        ResponseFuture(Box::pin(Exchange::new(Arc::clone(&self.mailbox), request)))
    }

    /// Like [`Http::send`], and `check` sees the response first, with the time it came in
    /// milliseconds since the Unix epoch. Its error ends the exchange: there a carrier's own error
    /// bodies are read, which `oauth2` would not keep.
    pub fn send_checked(
        &self,
        request: HttpRequest,
        check: impl FnOnce(HttpResponse, u64) -> Result<HttpResponse> + Send + 'static,
    ) -> ResponseFuture {
        let exchange = self.send(request);
        let services = Arc::clone(&self.services);
        ResponseFuture(Box::pin(async move {
            check(exchange.await?, services.now_unix_ms())
        }))
    }
}

/// For `oauth2`: like [`Http::send`], and "too many requests" and server errors, which no OAuth
/// error body explains, become [`Class::Transient`] with the carrier's `Retry-After`.
impl AsyncHttpClient<'_> for Http {
    type Error = Error;
    type Future = ResponseFuture;

    fn call(&self, request: HttpRequest) -> ResponseFuture {
        self.send_checked(request, passing)
    }
}

/// Turns 429 and 5xx into [`Class::Transient`] and passes every other response on.
pub fn passing(response: HttpResponse, now_unix_ms: u64) -> Result<HttpResponse> {
    let status = response.status();
    let (code, message) = if status == StatusCode::TOO_MANY_REQUESTS {
        (
            "too_many_requests",
            "the carrier limits token requests".to_owned(),
        )
    } else if status.is_server_error() {
        (
            "server_error",
            format!("the carrier's token endpoint is in trouble: HTTP {status}"),
        )
    } else {
        return Ok(response);
    };
    // Read before the response is dropped: the carrier's own wait is better than a guess.
    let pause = retry_after(response.headers(), now_unix_ms);
    Err(Error::new(Class::Transient, code, message).with_retry_after(pause))
}

/// `Retry-After`, in seconds or as a date (RFC 9110, 10.2.3), at most a day. A date gone by and
/// anything else count as "the carrier said nothing".
pub fn retry_after(headers: &HeaderMap, now_unix_ms: u64) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let pause = if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        // Only too many digits can fail here.
        text.parse().map_or(MAX_RETRY_AFTER, Duration::from_secs)
    } else {
        let now = SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(now_unix_ms))?;
        httpdate::parse_http_date(text)
            .ok()?
            .duration_since(now)
            .ok()?
    };
    (!pause.is_zero()).then_some(pause.min(MAX_RETRY_AFTER))
}

/// What the gateway says when there is no response. Unknown kinds count as "other".
pub(crate) fn network_error(kind: u32) -> Error {
    let (class, code, message) = match kind {
        Network::DNS => (
            Class::Transient,
            "network_dns",
            "the carrier's name did not resolve",
        ),
        Network::CONNECT => (
            Class::Transient,
            "network_connect",
            "no connection to the carrier",
        ),
        Network::TLS => (
            Class::Transient,
            "network_tls",
            "no TLS session with the carrier",
        ),
        Network::TIMEOUT => (
            Class::Transient,
            "network_timeout",
            "the carrier did not answer in time",
        ),
        Network::TOO_LARGE => (
            Class::Protocol,
            "response_too_large",
            "the carrier's answer was longer than the gateway accepts",
        ),
        Network::DENIED => (
            Class::Config,
            "request_denied",
            "the gateway does not allow requests to this URL: compare the account's origin with \
             the plugin's hosts",
        ),
        _ => (
            Class::Transient,
            "network_other",
            "the exchange with the carrier broke off",
        ),
    };
    Error::new(class, code, message)
}
