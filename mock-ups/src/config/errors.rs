//! Other statuses, codes and texts for errors: most of UPS's texts are in no public source, so
//! whoever knows one can set it.

use std::collections::BTreeMap;

use http::StatusCode;
use serde::{Deserialize, Serialize};

use crate::api::{ApiResponse, UpsError};

/// Changes by the error that they are for: a code (`190101`), or a code and the mock's own text for
/// one of several errors with that code (`10400 Invalid Redirect URL`), which wins.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ErrorChanges(pub BTreeMap<String, ErrorChange>);

/// What is different about an error; what is `None` stays. In JSON and TOML a text alone stands
/// for a change of the message.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written")]
pub struct ErrorChange {
    /// The HTTP status, from 200 to 599.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Message(String),
    Parts(Parts),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parts {
    status: Option<u16>,
    code: Option<String>,
    message: Option<String>,
}

impl TryFrom<Written> for ErrorChange {
    type Error = &'static str;

    fn try_from(written: Written) -> Result<Self, Self::Error> {
        let parts = match written {
            Written::Message(text) => return Ok(Self::message(text)),
            Written::Parts(parts) => parts,
        };
        if parts
            .status
            .is_some_and(|status| !(200..600).contains(&status))
        {
            return Err("the status of an error is a number from 200 to 599");
        }
        Ok(Self {
            status: parts.status,
            code: parts.code,
            message: parts.message,
        })
    }
}

impl ErrorChange {
    /// Another text.
    #[must_use]
    pub fn message(text: impl Into<String>) -> Self {
        Self {
            message: Some(text.into()),
            ..Self::default()
        }
    }
}

impl ErrorChanges {
    /// The answer as it is to be, if it reports an error that is to be changed.
    pub(crate) fn apply(&self, answer: ApiResponse) -> ApiResponse {
        let Some(change) = answer.error.as_ref().and_then(|error| self.find(error)) else {
            return answer;
        };
        change.apply(answer)
    }

    fn find(&self, error: &UpsError) -> Option<&ErrorChange> {
        // No text is made for the usual case without changes.
        if self.0.is_empty() {
            return None;
        }
        let exact = format!("{} {}", error.code, error.message);
        // Code and text together win, as several errors share one code.
        self.0.get(&exact).or_else(|| self.0.get(&*error.code))
    }
}

impl ErrorChange {
    fn apply(&self, mut answer: ApiResponse) -> ApiResponse {
        let Some(old) = answer.error.take() else {
            return answer;
        };
        let mut new = old.clone();
        if let Some(status) = self.status {
            // The range was checked when the change was read.
            new.status = StatusCode::from_u16(status).unwrap_or(old.status);
        }
        if let Some(code) = &self.code {
            new.code = code.clone().into();
        }
        if let Some(message) = &self.message {
            new.message = message.clone().into();
        }
        // A page for people and an empty body have no envelope.
        if answer.body == old.envelope() {
            answer.body = new.envelope().into();
        }
        answer.status = new.status;
        // The fields in which `authorize` repeats its errors.
        for (name, value) in &mut answer.headers {
            let (before, after) = match name.as_str() {
                "errorcode" => (&old.code, &new.code),
                "errordescription" => (&old.message, &new.message),
                _ => continue,
            };
            // Only values that repeat the error: other products set these fields to something of their own.
            if let Ok(after) = http::HeaderValue::from_str(after)
                && *value == before.as_bytes()
            {
                *value = after;
            }
        }
        // Put back, so that the journal shows what the client saw.
        answer.error = Some(new);
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::{ErrorChange, ErrorChanges};
    use crate::api::{ApiResponse, UpsError};

    fn changes(toml: &str) -> Result<ErrorChanges, String> {
        crate::toml::parse(toml)
    }

    #[test]
    fn exact_text_wins_over_the_code_and_others_stay() {
        let changes = changes(
            r#"
            "1 a" = { status = 401, code = "2", message = "c" }
            1 = "d"
            "#,
        )
        .expect("valid");
        let sent = |code: &'static str, message: &'static str| {
            let answer = ApiResponse::error(UpsError::bad_request(code, message));
            let answer = changes.apply(answer);
            let error = answer.error.expect("an error");
            assert_eq!(answer.body, error.envelope());
            assert_eq!(answer.status, error.status);
            (
                error.status.as_u16(),
                error.code.into_owned(),
                error.message.into_owned(),
            )
        };
        assert_eq!(sent("1", "a"), (401, "2".into(), "c".into()));
        assert_eq!(sent("1", "b"), (400, "1".into(), "d".into()));
        assert_eq!(sent("3", "a"), (400, "3".into(), "a".into()));
    }

    #[test]
    fn nonsense_is_refused() {
        for text in ["1 = 7", "1 = { status = 99 }", "1 = { txt = \"a\" }"] {
            assert!(changes(text).is_err(), "{text}");
        }
        let written = changes("1 = \"d\"").expect("valid");
        assert_eq!(written.0["1"], ErrorChange::message("d"));
    }
}
