//! What the token endpoint's answers mean.
//!
//! Codes and messages are ours or UPS's documented numbers: nothing that arrives in an answer is
//! ever shown, so an answer that holds a token cannot leak it.

use http::{StatusCode, header::CONTENT_TYPE};
use oauth2::{ExtraTokenFields, HttpResponse, TokenResponse};
use plugins_sdk::{
    Class, Credential, Error, Result,
    http::{passing, retry_after},
    oauth::{CarrierAnswer, TokenKind},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::time::Duration;

/// UPS's tokens live some hours. Anything beyond a year is a mistake, and to believe it would mean
/// to inject a dead token until somebody notices.
const MAX_LIFETIME: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// The documented codes of UPS's OAuth endpoints.
///
/// 10400 is the operator's turn although it may mean any malformed request: this plugin's requests
/// differ only in what the operator configured, and repeating one cannot help.
const CODES: [(&str, Class, &str); 6] = [
    (
        "10400",
        Class::Config,
        "UPS cannot read the token request (10400): check client_id, client_secret and \
         account_number for characters that do not belong there",
    ),
    (
        "10401",
        Class::Rejected,
        "UPS refuses the client credentials (10401): unknown client_id, wrong client_secret, or an \
         application of the other environment",
    ),
    (
        "10403",
        Class::Rejected,
        "UPS has blocked this client (10403): only UPS support can lift that",
    ),
    (
        "10429",
        Class::Transient,
        "UPS limits token requests for this client (10429)",
    ),
    (
        "10004",
        Class::Transient,
        "UPS's token endpoint is temporarily unavailable (10004)",
    ),
    (
        "10500",
        Class::Transient,
        "UPS's token endpoint has an internal error (10500)",
    ),
];

/// What UPS adds to OAuth's token answer and this plugin reads.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct UpsFields {
    #[serde(default)]
    status: Option<Value>,
}

impl ExtraTokenFields for UpsFields {}

/// Sorts out every answer that cannot hold a token.
pub(crate) fn checked(response: HttpResponse, now_unix_ms: u64) -> Result<HttpResponse> {
    let codes = ups_codes(response.body());
    // A 429 or 5xx passes, whatever its content says: no person is called for it.
    let passes =
        response.status() == StatusCode::TOO_MANY_REQUESTS || response.status().is_server_error();
    let known = codes
        .iter()
        .flatten()
        .find_map(|code| CODES.iter().find(|(known, ..)| known == code))
        .filter(|(_, class, _)| !passes || *class == Class::Transient);
    if let Some((code, class, message)) = known {
        let pause = retry_after(response.headers(), now_unix_ms);
        return Err(Error::new(*class, *code, *message).with_retry_after(pause));
    }
    let mut response = passing(response, now_unix_ms)?;
    if response.status() != StatusCode::OK || codes.is_some() {
        return Err(unknown(response.status(), codes.is_some()));
    }
    // UPS says application/json; a token in an answer of another name is a token nevertheless.
    response.headers_mut().remove(CONTENT_TYPE);
    Ok(response)
}

/// An answer without a documented code.
///
/// Without UPS's envelope it did not come from the token endpoint but from something in front of
/// it. A 401 or 403 from there says nothing about the credentials, so nobody is asked to replace
/// them; and it is no passing trouble either, because a firewall that blocks is only hardened by
/// quick repetition. "Protocol" tries again slowly while the old token serves.
fn unknown(status: StatusCode, from_ups: bool) -> Error {
    let class = match status {
        StatusCode::BAD_REQUEST if from_ups => Class::Config,
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN if from_ups => Class::Rejected,
        _ => Class::Protocol,
    };
    let whose = if from_ups {
        "UPS answered with a code that is not documented for tokens"
    } else {
        "the answer is not UPS's own; a firewall or a proxy in between, or a wrong origin"
    };
    let code = format!("http_{}", status.as_u16());
    Error::new(
        class,
        code,
        format!("the token request ended with HTTP {status}: {whose}"),
    )
}

/// The codes of UPS's error envelope, or `None` if the body is none. One product's document leaves
/// the outer `response` out; codes come as strings, and a number is as good.
fn ups_codes(body: &[u8]) -> Option<Vec<String>> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let errors = body
        .pointer("/response/errors")
        .or_else(|| body.get("errors"))?;
    let code = |error: &Value| match error.get("code")? {
        Value::String(code) => Some(code.clone()),
        Value::Number(code) => Some(code.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    };
    Some(errors.as_array()?.iter().filter_map(code).collect())
}

/// The credential of a token answer.
pub(crate) fn credential(answer: &CarrierAnswer<UpsFields>) -> Result<Credential> {
    if !answer.extra().approved() {
        return Err(Error::new(
            Class::Rejected,
            "not_approved",
            "UPS issued a token that is not approved: look at the application's state at UPS",
        ));
    }
    if *answer.token_type() != TokenKind::Bearer {
        return Err(protocol("token_type", "UPS's token is no bearer token"));
    }
    let Some(lifetime) = answer.expires_in() else {
        return Err(protocol(
            "expires_in",
            "UPS's token answer does not say how long it is good",
        ));
    };
    if lifetime.is_zero() || lifetime > MAX_LIFETIME {
        return Err(protocol(
            "expires_in",
            "UPS's token has an impossible lifetime",
        ));
    }
    Ok(Credential::bearer(answer.access_token().secret())?.expires_in(Some(lifetime)))
}

fn protocol(code: &'static str, message: &'static str) -> Error {
    Error::new(Class::Protocol, code, message)
}

impl UpsFields {
    /// A missing status is no objection; any other word is.
    fn approved(&self) -> bool {
        match &self.status {
            None | Some(Value::Null) => true,
            Some(Value::String(status)) => status.eq_ignore_ascii_case("approved"),
            Some(Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => false,
        }
    }
}
