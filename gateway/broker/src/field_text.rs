//! The fields of a credential as the store keeps them: `name`, a colon, the value, with line breaks between
//! them. Neither name nor value can hold one.

use gateway_model::SecretBytes;
use http::{HeaderName, HeaderValue};

/// Prepared fields of a credential.
pub(crate) type Fields = Vec<(HeaderName, HeaderValue)>;

/// The text of some fields.
pub(crate) fn write(fields: &[(HeaderName, HeaderValue)]) -> SecretBytes {
    let size = |(name, value): &(HeaderName, HeaderValue)| name.as_str().len() + value.len() + 2;
    // The full size at once: growing would leave copies of the token in freed memory.
    let mut text = Vec::with_capacity(fields.iter().map(size).sum());
    for (name, value) in fields {
        if !text.is_empty() {
            text.push(b'\n');
        }
        text.extend_from_slice(name.as_str().as_bytes());
        text.push(b':');
        text.extend_from_slice(value.as_bytes());
    }
    SecretBytes::new(text)
}

/// The fields of a text; `None` if there are none, because a credential without a field is no credential.
pub(crate) fn read(text: &SecretBytes) -> Option<Fields> {
    let lines = text.expose().split(|byte| *byte == b'\n');
    let fields: Option<Fields> = lines
        .filter(|line| !line.is_empty())
        .map(|line| {
            let colon = line.iter().position(|byte| *byte == b':')?;
            let name = HeaderName::from_bytes(&line[..colon]).ok()?;
            let mut value = HeaderValue::from_bytes(&line[colon + 1..]).ok()?;
            // Not kept by the text form, and it keeps the token out of debug output.
            value.set_sensitive(true);
            Some((name, value))
        })
        .collect();
    fields.filter(|fields| !fields.is_empty())
}
