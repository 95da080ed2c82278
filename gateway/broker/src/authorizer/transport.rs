//! How a plugin's requests travel: to the carrier, recorded on the way back, or answered from a record.

use super::call_spans::CallSpans;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use gateway_http_client::{HttpClient, HttpError, HttpErrorKind, HttpRequest, HttpResponse};
use gateway_model::SecretBytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde::{Deserialize, Serialize};
use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

/// Takes raw responses before anything reads them.
pub type ResponseRecorder =
    Arc<dyn Fn(SecretBytes) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

/// Whether a request may leave now. Asked right before each.
pub type SendPermission = Arc<dyn Fn() -> bool + Send + Sync>;

/// How a plugin's requests travel.
#[derive(Clone, Default)]
pub enum Transport {
    /// To the carrier and back.
    #[default]
    Direct,
    /// To the carrier; each raw response is recorded before the plugin sees it, until one was a success.
    Recorded {
        /// Refuses once the gateway no longer owns the grant.
        may_send: SendPermission,
        /// Keeps the responses.
        recorder: ResponseRecorder,
    },
    /// Not at all: the first request gets the recorded response, every further one fails.
    Replayed(SecretBytes),
    /// In this way; each request that leaves has a span.
    Traced(Box<Self>, Arc<CallSpans>),
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Direct => "Direct",
            Self::Recorded { .. } => "Recorded",
            Self::Replayed(_) => "Replayed",
            Self::Traced(transport, _) => return transport.fmt(f),
        })
    }
}

/// The stored form of a response. Field values and content are base64, because both may hold any byte.
#[derive(Serialize, Deserialize)]
struct RecordedResponse {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

/// A response as bytes.
fn record(response: &HttpResponse) -> SecretBytes {
    let headers = response.headers.iter();
    let record = RecordedResponse {
        status: response.status.as_u16(),
        headers: headers
            .map(|(name, value)| (name.to_string(), STANDARD.encode(value.as_bytes())))
            .collect(),
        body: STANDARD.encode(&response.body),
    };
    // An empty record replays as a damaged one, so the grant is then in doubt and not lost.
    SecretBytes::new(serde_json::to_vec(&record).unwrap_or_default())
}

/// The response that was recorded; `None` if the record is damaged.
fn replay(record: &SecretBytes) -> Option<HttpResponse> {
    let record: RecordedResponse = serde_json::from_slice(record.expose()).ok()?;
    let mut headers = HeaderMap::new();
    for (name, value) in record.headers {
        let value = HeaderValue::from_bytes(&STANDARD.decode(value).ok()?).ok()?;
        // `append`, because a field may come several times.
        headers.append(name.parse::<HeaderName>().ok()?, value);
    }
    Some(HttpResponse {
        status: StatusCode::from_u16(record.status).ok()?,
        headers,
        body: STANDARD.decode(record.body).ok()?.into(),
    })
}

type ResponseFuture<'a> =
    Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'a>>;

/// Records what comes back.
pub(super) struct Recording<'a> {
    http: &'a dyn HttpClient,
    may_send: &'a SendPermission,
    recorder: &'a ResponseRecorder,
    succeeded: AtomicBool,
}

impl<'a> Recording<'a> {
    pub(super) fn new(
        http: &'a dyn HttpClient,
        may_send: &'a SendPermission,
        recorder: &'a ResponseRecorder,
    ) -> Self {
        Self {
            http,
            may_send,
            recorder,
            succeeded: AtomicBool::new(false),
        }
    }
}

impl HttpClient for Recording<'_> {
    fn send(&self, request: HttpRequest) -> ResponseFuture<'_> {
        Box::pin(async move {
            // Here and not earlier: a process that was frozen wakes anywhere, also after its lease has ended.
            if !(self.may_send)() {
                let message =
                    "the gateway's lease has ended, so it does not present the refresh token";
                // `Connect`: the request certainly did not leave.
                return Err(HttpError::new(HttpErrorKind::Connect, message));
            }
            let response = self.http.send(request).await?;
            // The first success holds the new refresh token. What follows it is for another slot and must not
            // replace it in the record.
            if self.succeeded.load(Ordering::Relaxed) {
                return Ok(response);
            }
            self.succeeded
                .store(response.status.is_success(), Ordering::Relaxed);
            // Before the plugin reads it: after a crash the record is the only copy of a new token.
            (self.recorder)(record(&response)).await;
            Ok(response)
        })
    }
}

/// Answers from a record.
pub(super) struct Replaying(Mutex<Option<HttpResponse>>);

impl Replaying {
    pub(super) fn new(response: &SecretBytes) -> Self {
        Self(Mutex::new(replay(response)))
    }
}

impl HttpClient for Replaying {
    fn send(&self, _: HttpRequest) -> ResponseFuture<'_> {
        // Taken out: a second request of the plugin finds nothing.
        let response = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        Box::pin(async move {
            // `Other`, not `Denied`: the recorded request did reach the carrier, so the grant in it
            // must not be taken for unharmed.
            response.ok_or_else(|| {
                let message = "the recorded answer does not tell what became of the request";
                HttpError::new(HttpErrorKind::Other, message)
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn record_replays_the_same_answer() {
        let mut headers = HeaderMap::new();
        headers.insert("retry-after", HeaderValue::from_static("7"));
        headers.append(
            "x",
            HeaderValue::from_bytes(b"\xff odd").expect("allowed bytes"),
        );
        let response = HttpResponse {
            status: StatusCode::OK,
            headers: headers.clone(),
            body: bytes::Bytes::from_static(b"{\"access_token\":\"\xf0\"}"),
        };
        let again = replay(&record(&response)).expect("a record");
        assert_eq!(again.status, StatusCode::OK);
        assert_eq!(again.headers, headers);
        assert_eq!(again.body, response.body);
    }

    #[test]
    fn record_that_was_cut_short_is_none() {
        assert!(replay(&SecretBytes::new(b"{\"status\":200,".to_vec())).is_none());
        assert!(replay(&SecretBytes::default()).is_none());
    }
}
