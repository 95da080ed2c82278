//! Delivery by webhook: one signed JSON document for each notice (`docs/reminders.md`).

use super::{
    assessment::{self, Facts},
    text::page,
};
use crate::{api_time, settings::Webhook};
use gateway_http_client::{HttpClient, HttpRequest};
use gateway_model::{AccountId, CarrierId, Environment, NoticeKind, Secret};
use gateway_store::NoticeRecord;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use jiff::Timestamp;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use std::{fmt::Write as _, time::Duration};

/// The time limit of one call.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The maximum length of a response, in bytes. Its content is ignored.
const MAX_RESPONSE: usize = 1 << 20;

/// What a call is about.
#[derive(Debug)]
pub(crate) struct Event<'a> {
    pub(crate) facts: &'a Facts<'a>,
    pub(crate) notice: &'a NoticeRecord,
    /// The command that solves the problem.
    pub(crate) fix: String,
    /// The address of the admin listener.
    pub(crate) admin: String,
}

/// The body of a call.
#[derive(Serialize)]
struct Document<'a> {
    version: u8,
    id: &'a str,
    at: Timestamp,
    day: &'a str,
    account: &'a AccountId,
    carrier: &'a CarrierId,
    environment: Environment,
    kind: NoticeKind,
    ends_at: Option<Timestamp>,
    message: &'a str,
    fix: &'a str,
    page: Option<String>,
    admin: &'a str,
}

/// Why a call failed. The text never contains the URL or the secret.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WebhookError {
    /// The receiver cannot be reached or fails: if it does so for several notices, it fails for all.
    #[error("{0}")]
    Unreachable(String),
    /// The receiver refuses this notice.
    #[error("the receiver responded with {0}; redirects are not followed")]
    Refused(StatusCode),
    /// The notice cannot be sent.
    #[error("the notice cannot be sent: {0}")]
    Invalid(&'static str),
}

/// Makes one call.
pub(crate) async fn deliver(
    webhook: &Webhook,
    http: &dyn HttpClient,
    now: gateway_store::Timestamp,
    event: &Event<'_>,
) -> Result<(), WebhookError> {
    let id = event_id(event.notice);
    let body = body(&id, event).ok_or(WebhookError::Invalid("it cannot be written as JSON"))?;
    // Whole seconds, rounded down also before 1970.
    let signature = signature(&webhook.secret, now.0.div_euclid(1000), &body);
    let mut headers = HeaderMap::new();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    headers.insert(header::USER_AGENT, HeaderValue::from_static("waybill"));
    let texts = [("waybill-event-id", id), ("waybill-signature", signature)];
    for (name, value) in texts {
        let value = HeaderValue::try_from(value);
        let value = value.map_err(|_| WebhookError::Invalid("a header field is invalid"))?;
        headers.insert(name, value);
    }
    let request = HttpRequest {
        method: Method::POST,
        url: webhook.url.expose().to_owned(),
        headers,
        body: body.into(),
        timeout: TIMEOUT,
        max_response: MAX_RESPONSE,
    };
    let answer = http.send(request).await;
    let answer = answer.map_err(|error| WebhookError::Unreachable(error.to_string()))?;
    match answer.status {
        status if status.is_success() => Ok(()),
        // It may be this notice only, or the receiver as a whole: the caller counts.
        status if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => Err(
            WebhookError::Unreachable(format!("the receiver responded with {status}")),
        ),
        status => Err(WebhookError::Refused(status)),
    }
}

fn body(id: &str, event: &Event<'_>) -> Option<Vec<u8>> {
    let (facts, notice) = (event.facts, event.notice);
    let account = facts.account;
    let document = Document {
        version: 1,
        id,
        at: api_time::from_store(notice.created_at),
        day: &notice.day,
        account: &account.name,
        carrier: &account.carrier,
        environment: account.environment,
        kind: notice.kind,
        ends_at: assessment::ends_at(facts).map(api_time::from_system),
        message: &notice.message,
        fix: &event.fix,
        page: page(&event.admin, &account.name),
        admin: &event.admin,
    };
    serde_json::to_vec(&document).ok()
}

/// The id of a notice. It is the same for each attempt, so that a receiver recognises a repetition, and
/// different for each notice of each gateway.
fn event_id(notice: &NoticeRecord) -> String {
    let name = format!(
        "{}\n{:?}\n{}\n{}",
        notice.account, notice.kind, notice.day, notice.created_at.0
    );
    let digest = Sha256::digest(name.as_bytes());
    // Half of the digest: enough to tell notices apart, and short enough for a field.
    hex(digest.get(..16).unwrap_or_default())
}

/// `t=<seconds>,v1=<HMAC-SHA256 of "<seconds>." and the body>`: the time is signed as well, so that
/// a receiver can refuse a call that was recorded and is replayed.
pub(crate) fn signature(secret: &Secret, seconds: i64, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes())
        .expect("a key of any length makes an HMAC (RFC 2104, section 3)");
    // With a separator, so that no digit of the time can be taken for a part of the body.
    mac.update(format!("{seconds}.").as_bytes());
    mac.update(body);
    format!("t={seconds},v1={}", hex(&mac.finalize().into_bytes()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a string takes any text");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_covers_time_and_body() {
        let secret = Secret::new("Jefe".to_owned());
        let signed = signature(&secret, 1_700_000_000, b"{}");
        assert!(signed.starts_with("t=1700000000,v1="), "{signed}");
        assert_eq!(signed.len(), "t=1700000000,v1=".len() + 64);
        assert_ne!(signed[16..], signature(&secret, 1_700_000_001, b"{}")[16..]);
        assert_ne!(signed[16..], signature(&secret, 1_700_000_000, b"[]")[16..]);
        let other = Secret::new("jefe".to_owned());
        assert_ne!(signed, signature(&other, 1_700_000_000, b"{}"));
        assert_eq!(&signed[16..], EXPECTED);
    }

    /// `hmac.new(b"Jefe", b"1700000000.{}", "sha256").hexdigest()` in Python.
    const EXPECTED: &str = "d3793e2b4103edfbd98cc19591832f5fad701d413db9fcae0ae7dab8184ed207";
}
