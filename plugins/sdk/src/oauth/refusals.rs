//! What the error answers of a token endpoint mean, by a table.

use crate::{
    Class, Error, Result,
    http::{passing, retry_after},
};
use ::http::StatusCode;
use oauth2::HttpResponse;
use serde_json::Value;

/// How a carrier's token endpoint refuses a request.
///
/// Codes and messages come from this table: nothing that arrives in an answer is ever shown, so an answer
/// that holds a token cannot leak it.
#[derive(Clone, Copy, Debug)]
pub struct Refusals {
    /// What messages call the carrier.
    pub carrier: &'static str,
    /// JSON pointers to the places where the carrier's own error bodies have a code. Of a URL its last
    /// segment counts.
    pub codes_at: &'static [&'static str],
    /// The header field in which errors have a code, for carriers that use one.
    pub codes_in: Option<&'static str>,
    /// What the known codes mean.
    pub known: &'static [Refusal],
}

/// One code of a carrier.
#[derive(Clone, Copy, Debug)]
pub struct Refusal {
    /// As the carrier writes it, in any case.
    pub code: &'static str,
    /// Whose turn it is.
    pub class: Class,
    /// What happened and what to do.
    pub message: &'static str,
}

impl Refusals {
    /// Passes on an answer that may hold a token.
    ///
    /// An answer without the carrier's error body did not come from the token endpoint but from something in
    /// front of it. A 401 or 403 from there says nothing about the credentials, so no operator is asked to
    /// replace them.
    pub fn check(&self, response: HttpResponse, now_unix_ms: u64) -> Result<HttpResponse> {
        let status = response.status();
        let codes = self.codes(&response);
        // A 429 or 5xx passes, whatever its content says: no person is called for it.
        let passes = status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error();
        let known = self.known.iter().find(|known| {
            let said = codes
                .iter()
                .any(|code| code.eq_ignore_ascii_case(known.code));
            said && (!passes || known.class == Class::Transient)
        });
        if let Some(known) = known {
            let pause = retry_after(response.headers(), now_unix_ms);
            return Err(Error::new(known.class, known.code, known.message).with_retry_after(pause));
        }
        let response = passing(response, now_unix_ms)?;
        // A code that nobody knows may be a field of a good answer: the token decides.
        if status == StatusCode::OK {
            return Ok(response);
        }
        Err(self.unknown(status, !codes.is_empty()))
    }

    fn codes(&self, response: &HttpResponse) -> Vec<String> {
        let mut codes = Vec::new();
        let field = self.codes_in.and_then(|name| response.headers().get(name));
        codes.extend(
            field
                .and_then(|value| value.to_str().ok())
                .map(str::to_owned),
        );
        let Ok(json) = serde_json::from_slice::<Value>(response.body()) else {
            return codes;
        };
        for pointer in self.codes_at {
            match json.pointer(pointer) {
                Some(Value::String(code)) => {
                    codes.push(code.rsplit('/').next().unwrap_or_default().to_owned());
                }
                Some(Value::Number(code)) => codes.push(code.to_string()),
                Some(Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_)) | None => {}
            }
        }
        codes
    }

    fn unknown(&self, status: StatusCode, from_carrier: bool) -> Error {
        let class = match status {
            StatusCode::BAD_REQUEST if from_carrier => Class::Config,
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN if from_carrier => Class::Rejected,
            // Not transient: a firewall that blocks is only hardened by quick repetition.
            _ => Class::Protocol,
        };
        let carrier = self.carrier;
        let whose = if from_carrier {
            format!("{carrier} answered with a code that this plugin does not know")
        } else {
            format!(
                "the answer is not in {carrier}'s form; a firewall or a proxy in between, or a wrong origin"
            )
        };
        let message = format!("the token request ended with HTTP {status}: {whose}");
        Error::new(class, format!("http_{}", status.as_u16()), message)
    }
}
