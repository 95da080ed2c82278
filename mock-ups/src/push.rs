//! Pushes the events of Track Alert to their receiver, one after the other.
//!
//! Before an event is posted, the mock logs in at the receiver's own token endpoint, as UPS does; the token is
//! kept until it expires or is refused. An event that is not taken is tried again after a pause that doubles, and
//! given up after some attempts. Each attempt is an entry of the journal.

mod client;

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use tokio::sync::watch;

use crate::api::Environment;
use crate::config::Settings;
use crate::journal::{self, RequestFacts};
use crate::mock_state::MockState;
use crate::products::track_alert::alerts::Alert;

use client::Trust;

/// The longest pause between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// What UPS calls itself.
const USER_AGENT: HeaderValue = HeaderValue::from_static("UPSPubSubTrackingService");

/// The receiver's token.
struct Token {
    text: String,
    expires_at_ms: i64,
    /// Where it came from: another endpoint or client needs another one.
    source: (String, String),
}

/// One delivery.
struct Delivery<'a> {
    mock: &'a MockState,
    settings: &'a Settings,
    alert: &'a Alert,
    destination: &'a str,
}

/// Delivers events until the mock stops.
pub(crate) async fn run(mock: Arc<MockState>, mut stop: watch::Receiver<bool>) {
    let mut token = None;
    loop {
        tokio::select! {
            biased;
            _ = stop.changed() => return,
            () = mock.alerts.wait() => {}
        }
        let settings = mock.settings();
        let Some(destination) = settings.track_alert_destination.as_deref() else {
            // The events stay due: a destination that is set later gets them.
            tokio::select! {
                biased;
                _ = stop.changed() => return,
                () = tokio::time::sleep(Duration::from_millis(200)) => continue,
            }
        };
        for alert in mock.alerts.due(mock.clock.now()) {
            let delivery = Delivery {
                mock: &mock,
                settings: &settings,
                alert: &alert,
                destination,
            };
            // Stopping does not wait for a receiver that is down.
            tokio::select! {
                biased;
                _ = stop.changed() => return,
                () = delivery.run(&mut token) => {}
            }
        }
    }
}

impl Delivery<'_> {
    async fn run(&self, token: &mut Option<Token>) {
        let attempts = self.settings.track_alert_attempts.max(1);
        let mut pause = Duration::from_millis(self.settings.track_alert_retry_ms);
        for attempt in 1..=attempts {
            let is_last = attempt == attempts;
            if self.attempt(token, is_last).await {
                return;
            }
            if !is_last {
                tokio::time::sleep(pause.min(LONGEST_PAUSE)).await;
                pause = pause.saturating_mul(2);
            }
        }
    }

    /// Whether the receiver took the event.
    async fn attempt(&self, token: &mut Option<Token>, is_last: bool) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::USER_AGENT, USER_AGENT);
        let json = HeaderValue::from_static("application/json");
        headers.insert(header::CONTENT_TYPE, json);
        if let Ok(id) = HeaderValue::from_str(&self.alert.client_id) {
            headers.insert("x-api-key", id);
        }
        if self.settings.track_alert_token_url.is_some() {
            match self.log_in(token).await {
                Some(bearer) => {
                    headers.insert(header::AUTHORIZATION, bearer);
                }
                None => return false,
            }
        }
        let body = Bytes::from(self.alert.body.clone());
        let answer = self
            .post(self.destination, headers.clone(), body.clone())
            .await;
        let status = answer.as_ref().map_or(0, |(status, _)| status.as_u16());
        let is_taken = answer
            .as_ref()
            .is_some_and(|(status, _)| status.is_success());
        if status == StatusCode::UNAUTHORIZED.as_u16() {
            *token = None;
        }
        let note = match (is_taken, is_last, status) {
            (true, ..) => "pushed to the receiver of Track Alert",
            (false, true, 0) => "gave up: the receiver of Track Alert cannot be reached",
            (false, true, _) => "gave up: the receiver of Track Alert refused the event",
            (false, false, 0) => {
                "the receiver of Track Alert cannot be reached; will be tried again"
            }
            (false, false, _) => {
                "the receiver of Track Alert refused the event; will be tried again"
            }
        };
        let received = answer.map_or_else(Bytes::new, |(_, body)| body);
        self.record(self.destination, &headers, &body, status, &received, note);
        is_taken
    }

    /// The `Authorization` of the receiver's token, an old one or a new one.
    async fn log_in(&self, token: &mut Option<Token>) -> Option<HeaderValue> {
        let url = self.settings.track_alert_token_url.clone()?;
        let source = (url, self.settings.track_alert_client_id.clone());
        let now_ms = self.mock.clock.now_ms();
        let is_good = |token: &Token| token.source == source && token.expires_at_ms > now_ms;
        if token.as_ref().is_none_or(|token| !is_good(token)) {
            *token = self.new_token(source, now_ms).await;
        }
        let text = &token.as_ref()?.text;
        let mut value = HeaderValue::from_str(&format!("Bearer {text}")).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    async fn new_token(&self, source: (String, String), now_ms: i64) -> Option<Token> {
        let (url, id) = &source;
        let secret = &self.settings.track_alert_client_secret;
        let pair = STANDARD.encode(format!("{id}:{secret}"));
        let mut headers = HeaderMap::new();
        headers.insert(header::USER_AGENT, USER_AGENT);
        let form = HeaderValue::from_static("application/x-www-form-urlencoded");
        headers.insert(header::CONTENT_TYPE, form);
        headers.insert(
            header::AUTHORIZATION,
            HeaderValue::from_str(&format!("Basic {pair}")).ok()?,
        );
        let body = Bytes::from_static(b"grant_type=client_credentials");
        let answer = self.post(url, headers.clone(), body.clone()).await;
        let status = answer.as_ref().map_or(0, |(status, _)| status.as_u16());
        let received = answer.map_or_else(Bytes::new, |(_, body)| body);
        let token = token_in(&received).filter(|_| status == 200);
        let note = match token {
            Some(_) => "logged in at the receiver of Track Alert",
            None => "no token from the receiver of Track Alert; will be tried again",
        };
        self.record(url, &headers, &body, status, &received, note);
        let (text, lifetime) = token?;
        Some(Token {
            text,
            expires_at_ms: now_ms.saturating_add(lifetime.saturating_mul(1000)),
            source,
        })
    }

    async fn post(
        &self,
        url: &str,
        headers: HeaderMap,
        body: Bytes,
    ) -> Option<(StatusCode, Bytes)> {
        let trust = Trust {
            any: self.settings.track_alert_trust_any_certificate,
            ca_file: self.settings.track_alert_ca_file.as_deref(),
        };
        // What exactly went wrong with the connection is the receiver's to find out.
        client::post(url, headers, body, trust).await.ok()
    }

    fn record(
        &self,
        url: &str,
        headers: &HeaderMap,
        body: &Bytes,
        status: u16,
        answer: &[u8],
        note: &'static str,
    ) {
        let facts = RequestFacts {
            note: Some(note),
            ..RequestFacts::default()
        };
        self.mock.journal.record(&journal::Exchange {
            at_ms: self.mock.clock.now_ms(),
            environment: Environment::Cie,
            method: &Method::POST,
            path: url,
            query: None,
            headers,
            body,
            client: Some(&self.alert.client_id),
            facts: &facts,
            status,
            code: None,
            answer,
        });
    }
}

/// The access token of an answer and its life in seconds, an hour if the answer names none.
fn token_in(body: &[u8]) -> Option<(String, i64)> {
    let answer: serde_json::Value = serde_json::from_slice(body).ok()?;
    let token = answer.get("access_token")?.as_str()?.to_owned();
    let sent = answer.get("expires_in");
    // UPS itself writes numbers as text.
    let as_text = || sent?.as_str()?.parse().ok();
    let lifetime = sent.and_then(serde_json::Value::as_i64).or_else(as_text);
    Some((token, lifetime.unwrap_or(3_600)))
}

#[cfg(test)]
mod tests {
    use super::token_in;

    #[test]
    fn lifetimes_are_read_as_numbers_and_as_text() {
        let read = |body: &str| token_in(body.as_bytes()).map(|(_, lifetime)| lifetime);
        assert_eq!(read(r#"{"access_token":"t","expires_in":60}"#), Some(60));
        assert_eq!(read(r#"{"access_token":"t","expires_in":"61"}"#), Some(61));
        assert_eq!(read(r#"{"access_token":"t"}"#), Some(3_600));
        assert_eq!(read(r#"{"error":"invalid_client"}"#), None);
        assert_eq!(read("<html>"), None);
    }
}
