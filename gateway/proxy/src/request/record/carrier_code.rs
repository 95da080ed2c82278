//! The error code in a carrier's response, read from the first bytes of its body as they pass.

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
}

impl ErrorSample {
    /// Notes a piece of the body.
    pub(crate) fn note(&mut self, piece: &[u8]) {
        self.overflowed |= piece.len() > SAMPLE_BYTES - self.bytes.len();
        if !self.overflowed {
            self.bytes.extend_from_slice(piece);
        }
    }

    /// The code where the carrier's own errors have it.
    pub(super) fn code(&self, envelope: &ErrorEnvelope) -> Option<String> {
        let body = (!self.overflowed).then(|| serde_json::from_slice::<Value>(&self.bytes));
        let code = match body?.ok()?.pointer(&place_of_code(envelope)?)? {
            Value::String(code) => code.clone(),
            Value::Number(code) => code.to_string(),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => return None,
        };
        // Only what a code may be: any other text could hold what must not be recorded.
        let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b':');
        let fits = (1..=CODE_BYTES).contains(&code.len()) && code.bytes().all(allowed);
        fits.then_some(code)
    }
}

/// The JSON pointer of the code in the carrier's envelope.
fn place_of_code(envelope: &ErrorEnvelope) -> Option<String> {
    const PROBE: &str = "the code";
    let probe = serde_json::from_str(&envelope.render(PROBE, "")).ok()?;
    find(&probe, PROBE)
}

fn find(value: &Value, text: &str) -> Option<String> {
    let below = |key: &str, value: &Value| find(value, text).map(|place| format!("/{key}{place}"));
    match value {
        Value::String(found) => (found == text).then(String::new),
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
    fn sample_holds_no_more_than_its_bound() {
        let mut sample = ErrorSample::default();
        for _ in 0..100 {
            sample.note(&[b'x'; 1000]);
        }
        assert!(sample.overflowed && sample.bytes.len() <= SAMPLE_BYTES);
    }
}
