//! How a plugin's requests travel: straight, recorded, or answered from a record.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use gateway_http_client::{HttpClient, HttpError, HttpErrorKind, HttpRequest, HttpResponse};
use gateway_model::SecretBytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde::{Deserialize, Serialize};
use std::{fmt, future::Future, pin::Pin, sync::Mutex, sync::PoisonError};

/// Takes raw answers before anybody reads them.
pub type Recorder =
    std::sync::Arc<dyn Fn(SecretBytes) -> crate::BoxFuture<'static, ()> + Send + Sync>;

/// How a plugin's requests travel.
#[derive(Clone, Default)]
pub enum Wire {
    /// To the carrier and back.
    #[default]
    Plain,
    /// To the carrier; the answer is recorded before the plugin sees it (pain P7, P8).
    Recorded(Recorder),
    /// Not at all: the first request gets the recorded answer, every further one fails.
    Replayed(SecretBytes),
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Plain => "Plain",
            Self::Recorded(_) => "Recorded",
            Self::Replayed(_) => "Replayed",
        })
    }
}

/// Fields that the carrier sent, as far as a plugin may need them.
#[derive(Serialize, Deserialize)]
struct Record {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

/// An answer as bytes.
fn record(response: &HttpResponse) -> SecretBytes {
    let headers = response.headers.iter();
    let record = Record {
        status: response.status.as_u16(),
        headers: headers
            .map(|(name, value)| (name.to_string(), STANDARD.encode(value.as_bytes())))
            .collect(),
        body: STANDARD.encode(&response.body),
    };
    SecretBytes::new(serde_json::to_vec(&record).unwrap_or_default())
}

/// The answer of those bytes.
fn replay(record: &SecretBytes) -> Option<HttpResponse> {
    let record: Record = serde_json::from_slice(record.expose()).ok()?;
    let mut headers = HeaderMap::new();
    for (name, value) in record.headers {
        let value = HeaderValue::from_bytes(&STANDARD.decode(value).ok()?).ok()?;
        headers.append(name.parse::<HeaderName>().ok()?, value);
    }
    Some(HttpResponse {
        status: StatusCode::from_u16(record.status).ok()?,
        headers,
        body: STANDARD.decode(record.body).ok()?.into(),
    })
}

type Sent<'a> = Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'a>>;

/// Records what comes back.
pub(crate) struct Recording<'a> {
    pub(crate) http: &'a dyn HttpClient,
    pub(crate) recorder: &'a Recorder,
}

impl HttpClient for Recording<'_> {
    fn send(&self, request: HttpRequest) -> Sent<'_> {
        Box::pin(async move {
            let response = self.http.send(request).await?;
            (self.recorder)(record(&response)).await;
            Ok(response)
        })
    }
}

/// Answers from a record.
pub(crate) struct Replaying(Mutex<Option<HttpResponse>>);

impl Replaying {
    pub(crate) fn new(answer: &SecretBytes) -> Self {
        Self(Mutex::new(replay(answer)))
    }
}

impl HttpClient for Replaying {
    fn send(&self, _: HttpRequest) -> Sent<'_> {
        let answer = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        Box::pin(async move {
            // Not "never sent": the request that was recorded did reach the carrier.
            answer.ok_or_else(|| HttpError {
                kind: HttpErrorKind::Other,
                message: "the recorded answer does not tell what became of the request".to_owned(),
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
