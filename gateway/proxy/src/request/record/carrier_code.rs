//! The error code in a carrier's response, read from the first bytes of its body as they pass.

use crate::fields::Fields;
use gateway_model::ErrorEnvelope;
use serde_json::Value;

/// How much of a body is kept. A longer error is passed on as ever, and its code is not known.
const SAMPLE_BYTES: usize = 4 * 1024;
/// A longer code would be a text.
const CODE_BYTES: usize = 64;

/// The body of a carrier's error, if it is short.
#[derive(Debug, Default)]
pub(crate) struct ErrorSample {
    bytes: Vec<u8>,
    overflowed: bool,
    /// From a header field.
    in_field: Option<String>,
}

impl ErrorSample {
    /// The error of a response with these fields.
    pub(crate) fn of(head: &Fields, envelope: &ErrorEnvelope) -> Self {
        let fields = envelope.fields();
        let value = fields.and_then(|fields| head.get(&fields.code));
        Self {
            in_field: value.and_then(|value| plain(value.to_str().ok()?)),
            ..Self::default()
        }
    }

    /// Notes a piece of the body.
    pub(crate) fn note(&mut self, piece: &[u8]) {
        self.overflowed |= piece.len() > SAMPLE_BYTES - self.bytes.len();
        if !self.overflowed {
            self.bytes.extend_from_slice(piece);
        }
    }

    /// The code where the carrier's own errors have it.
    pub(super) fn code(&self, envelope: &ErrorEnvelope) -> Option<String> {
        if let Some(code) = &self.in_field {
            return Some(code.clone());
        }
        let body = (!self.overflowed).then(|| serde_json::from_slice::<Value>(&self.bytes));
        let place = place_of_code(envelope)?;
        match body?.ok()?.pointer(&place.pointer)? {
            // What stands before it, such as the beginning of a URL, is no part of the code.
            Value::String(text) => plain(text.strip_prefix(&*place.before).unwrap_or(text)),
            Value::Number(code) => plain(&code.to_string()),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
        }
    }
}

/// Only what a code may be: any other text could hold what must not be recorded.
fn plain(code: &str) -> Option<String> {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b':');
    let fits = (1..=CODE_BYTES).contains(&code.len()) && code.bytes().all(allowed);
    fits.then(|| code.to_owned())
}

/// Where the carrier's envelope has its code.
struct PlaceOfCode {
    /// A JSON pointer (RFC 6901).
    pointer: String,
    /// The text before the code in its member.
    before: String,
}

fn place_of_code(envelope: &ErrorEnvelope) -> Option<PlaceOfCode> {
    const PROBE: &str = "the code";
    let probe = serde_json::from_str(&envelope.render(PROBE, "")).ok()?;
    find(&probe, PROBE)
}

fn find(value: &Value, text: &str) -> Option<PlaceOfCode> {
    let below = |key: &str, value: &Value| {
        find(value, text).map(|place| PlaceOfCode {
            pointer: format!("/{key}{}", place.pointer),
            ..place
        })
    };
    match value {
        Value::String(found) => found.strip_suffix(text).map(|before| PlaceOfCode {
            pointer: String::new(),
            before: before.to_owned(),
        }),
        Value::Array(items) => {
            (items.iter().enumerate()).find_map(|(at, item)| below(&at.to_string(), item))
        }
        Value::Object(members) => (members.iter())
            // A pointer writes these two characters in another way (RFC 6901).
            .find_map(|(key, value)| below(&key.replace('~', "~0").replace('/', "~1"), value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(template: &str, pieces: &[&str]) -> Option<String> {
        let mut sample = ErrorSample::default();
        for piece in pieces {
            sample.note(piece.as_bytes());
        }
        sample.code(&ErrorEnvelope::new(template).expect("a template"))
    }

    #[test]
    fn code_is_found_where_the_template_has_it() {
        let ups = r#"{"response":{"errors":[{"code":"{code}","message":"{message}"}]}}"#;
        let flat = r#"{"a/b~":{"code":"{code}"},"text":"{message}"}"#;
        let long = format!(
            r#"{{"response":{{"errors":[{{"code":"{}"}}]}}}}"#,
            "1".repeat(65)
        );
        let padded = format!(
            r#"{{"response":{{"errors":[{{"code":"1","message":"{}"}}]}}}}"#,
            "x".repeat(SAMPLE_BYTES)
        );
        for (template, pieces, expected) in [
            (
                ups,
                &[
                    r#"{"response":{"errors":[{"code":"111210","#,
                    r#""message":"m"}]}}"#,
                ][..],
                Some("111210"),
            ),
            (
                ups,
                &[r#"{"response":{"errors":[{"code":250002},{"code":"2"}]}}"#],
                Some("250002"),
            ),
            (
                flat,
                &[r#"{"text":"no","a/b~":{"code":"NO.RATE"}}"#],
                Some("NO.RATE"),
            ),
            (
                r#"{"type":"https://acme.example/{code}","title":"{message}"}"#,
                &[r#"{"type":"https://acme.example/401.0000001"}"#],
                Some("401.0000001"),
            ),
            (ups, &[r#"{"response":{"errors":[]}}"#], None),
            (
                ups,
                &[r#"{"response":{"errors":[{"code":"eyJhbGciOi J"}]}}"#],
                None,
            ),
            (ups, &[r#"{"response":{"errors":[{"code":["1"]}]}}"#], None),
            (ups, &["<html>"], None),
            (ups, &[], None),
            (ups, &[&long], None),
            (ups, &[&padded], None),
            (ups, &[&padded[..9], &padded[9..]], None),
        ] {
            assert_eq!(code(template, pieces).as_deref(), expected, "{pieces:?}");
        }
    }

    #[test]
    fn code_in_a_field_counts_before_the_body() {
        let code = http::HeaderName::from_static("error");
        let fields = gateway_model::ErrorFields {
            code: code.clone(),
            message: http::HeaderName::from_static("message"),
        };
        let envelope = ErrorEnvelope::new("{code}{message}").expect("a template");
        let envelope = envelope.with_fields(Some(fields));
        for (value, expected) in [("E998", Some("E998")), ("no code", None)] {
            let mut head = Fields::new();
            head.insert(code.clone(), value.parse().expect("a value"));
            let sample = ErrorSample::of(&head, &envelope);
            assert_eq!(sample.code(&envelope).as_deref(), expected);
        }
    }

    #[test]
    fn sample_holds_no_more_than_its_bound() {
        let mut sample = ErrorSample::default();
        for _ in 0..100 {
            sample.note(&[b'x'; 1000]);
        }
        assert!(sample.overflowed && sample.bytes.len() <= SAMPLE_BYTES);
    }
}
