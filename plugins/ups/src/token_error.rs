//! What the errors of the token endpoints mean, and what they do to a grant that works once.
//!
//! Codes and messages are the plugin's own or UPS's documented numbers: nothing that arrives in an answer is
//! ever shown, so an answer that holds a token cannot leak it.

use http::{StatusCode, header::CONTENT_TYPE};
use oauth2::HttpResponse;
use plugins_sdk::{
    Class, Error, Result,
    http::{passing, retry_after},
};
use serde_json::Value;

/// What was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenRequestKind {
    /// A token for the application itself.
    ClientCredentials,
    /// Tokens for an authorization code.
    Code,
    /// Tokens for a refresh token.
    Refresh,
}

/// The documented codes of UPS's OAuth endpoints.
///
/// 10400 is the operator's turn although it may mean any malformed request: this plugin's requests
/// differ only in what the operator configured, and repeating one cannot help.
const CODES: [(&str, Class, &str); 6] = [
    (
        "10400",
        Class::Config,
        "UPS cannot read the token request (10400): check client_id, client_secret and \
         account_number for characters that do not belong there, and the callback URL",
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

/// Sorts out every answer that cannot hold a token.
pub(crate) fn checked(
    response: HttpResponse,
    now_unix_ms: u64,
    kind: TokenRequestKind,
) -> Result<HttpResponse> {
    let status = response.status();
    let envelope = Envelope::read(response.body());
    // A 429 or 5xx passes, whatever its content says: no person is called for it.
    let passes = status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error();
    if let Some(envelope) = envelope.as_ref().filter(|_| !passes)
        && let Some(refused) = grant_refused(envelope, status, kind)
    {
        return Err(refused);
    }
    let codes = envelope.as_ref().map(|envelope| envelope.codes.as_slice());
    // A text about the grant counts before a code: UPS uses 10400 for both.
    let known = codes
        .unwrap_or_default()
        .iter()
        .find_map(|code| CODES.iter().find(|(known, ..)| known == code))
        // A code that waits for a person does not count in an answer that passes.
        .filter(|(_, class, _)| !passes || *class == Class::Transient);
    if let Some((code, class, message)) = known {
        // The carrier's own wait, whatever the class of the failure.
        let pause = retry_after(response.headers(), now_unix_ms);
        let error = Error::new(*class, *code, *message).with_retry_after(pause);
        return Err(with_fate(error, code, status));
    }
    let mut response = passing(response, now_unix_ms).map_err(|e| with_fate(e, "", status))?;
    if status != StatusCode::OK || codes.is_some() {
        return Err(unknown(status, codes.is_some()));
    }
    // UPS says application/json; a token in an answer of another name is a token nevertheless.
    response.headers_mut().remove(CONTENT_TYPE);
    Ok(response)
}

/// A limit refuses before it looks at a grant, and so does UPS while a service is down. Any other
/// server error may come after the grant was used up, and so may a 503 of something in between.
fn with_fate(error: Error, code: &str, status: StatusCode) -> Error {
    let down = status == StatusCode::SERVICE_UNAVAILABLE && code == "10004";
    if status == StatusCode::TOO_MANY_REQUESTS || down {
        error.grant_unharmed()
    } else {
        error
    }
}

/// Whether UPS refuses the code or the refresh token, by its text or because it refuses and nothing
/// else is known to be wrong. UPS documents neither text nor code for that.
fn grant_refused(envelope: &Envelope, status: StatusCode, kind: TokenRequestKind) -> Option<Error> {
    let says = |words: &str| envelope.texts.iter().any(|text| text.contains(words));
    let documented = |code: &String| CODES.iter().any(|(known, ..)| known == code);
    let otherwise = status.is_client_error() && !envelope.codes.iter().any(documented);
    let (refused, code, message) = match kind {
        TokenRequestKind::ClientCredentials => return None,
        TokenRequestKind::Code => (
            // Only by its words: a refused code is final, and the documented codes have other causes.
            says("authorization code"),
            "code_refused",
            "UPS does not accept the authorization code: it is used, expired, or of another \
             application; begin the login again",
        ),
        TokenRequestKind::Refresh => (
            says("refresh token") || otherwise,
            "refresh_token_refused",
            "UPS no longer honours the login: the refresh token is used, expired or revoked, or the \
             user changed the password; log in again",
        ),
    };
    refused.then(|| Error::new(Class::Interaction, code, message).grant_refused())
}

/// An answer without a documented code.
///
/// Without UPS's envelope it did not come from the token endpoint but from something in front of
/// it. A 401 or 403 from there says nothing about the credentials, so no operator is asked to replace
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

/// UPS's error envelope.
struct Envelope {
    codes: Vec<String>,
    /// In lower case; never shown.
    texts: Vec<String>,
}

impl Envelope {
    /// `None` if the body is none. One product's document leaves the outer `response` out; codes come
    /// as strings, and a number is as good.
    fn read(body: &[u8]) -> Option<Self> {
        let body: Value = serde_json::from_slice(body).ok()?;
        let errors = body
            .pointer("/response/errors")
            .or_else(|| body.get("errors"))?
            .as_array()?;
        let code = |error: &Value| match error.get("code")? {
            Value::String(code) => Some(code.clone()),
            Value::Number(code) => Some(code.to_string()),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
        };
        let text = |error: &Value| Some(error.get("message")?.as_str()?.to_lowercase());
        Some(Self {
            codes: errors.iter().filter_map(code).collect(),
            texts: errors.iter().filter_map(text).collect(),
        })
    }
}
