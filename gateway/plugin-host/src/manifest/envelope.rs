//! The form of a carrier's errors, and where they have a code.

use super::{error::ManifestError, json::TemplateJson, values::header_name};
use crate::CodePlaces;
use gateway_model::{ErrorEnvelope, ErrorFields};
use http::HeaderValue;

/// For carriers whose manifest brings no envelope of their own.
const PLAIN: &str = r#"{"error":{"code":"{code}","message":"{message}"}}"#;

pub(super) fn plain() -> ErrorEnvelope {
    ErrorEnvelope::new(PLAIN).expect("the literal has both places")
}

/// The envelope that the manifest describes under `key`.
pub(super) fn of(key: &'static str, raw: &TemplateJson) -> Result<ErrorEnvelope, ManifestError> {
    let wrong = |problem: String| ManifestError::value(key, problem);
    let envelope = ErrorEnvelope::new(&raw.template).map_err(|e| wrong(e.to_string()))?;
    let envelope = envelope.with_fields(fields(key, raw)?);
    let Some(kind) = raw.content_type.as_deref() else {
        return Ok(envelope);
    };
    // The type decides how texts are escaped, so it must be one that the gateway can escape for.
    let known = ["json", "xml"].iter().any(|format| {
        let kind = kind.split(';').next().unwrap_or_default().trim_end();
        kind.ends_with(&format!("/{format}")) || kind.ends_with(&format!("+{format}"))
    });
    match HeaderValue::from_str(kind) {
        Ok(value) if known => Ok(envelope.of_type(value)),
        Ok(_) | Err(_) => Err(wrong("`content_type` is a type of JSON or XML".to_owned())),
    }
}

/// The header fields in which the errors have a code and a text.
fn fields(key: &'static str, raw: &TemplateJson) -> Result<Option<ErrorFields>, ManifestError> {
    let fields = raw.headers.as_ref().map(|headers| {
        Ok(ErrorFields {
            code: header_name(key, &headers.code)?,
            message: header_name(key, &headers.message)?,
        })
    });
    fields.transpose()
}

/// Where the carrier's answers have a code.
pub(super) fn code_places(raw: Option<&TemplateJson>) -> Result<CodePlaces, ManifestError> {
    const KEY: &str = "errors";
    let Some(raw) = raw else {
        return Ok(CodePlaces::default());
    };
    let plain = |key: &String| {
        let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
        (1..=64).contains(&key.len()) && key.bytes().all(fits)
    };
    if raw.code_keys.len() > 8 || !raw.code_keys.iter().all(plain) {
        let problem = "code_keys are at most 8 keys of letters, digits, '_' and '-'";
        return Err(ManifestError::value(KEY, problem));
    }
    let mut places = CodePlaces {
        field: fields(KEY, raw)?.map(|fields| fields.code),
        ..CodePlaces::default()
    };
    if !raw.code_keys.is_empty() {
        places.keys.clone_from(&raw.code_keys);
    }
    Ok(places)
}
