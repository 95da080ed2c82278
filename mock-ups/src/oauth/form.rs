//! Reads what clients send to the OAuth endpoints.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use http::{HeaderMap, header};

/// Basic credentials are accepted with and without padding.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A decoded form or query: names and values in order.
#[derive(Debug, Default)]
pub(crate) struct Form(Vec<(String, String)>);

impl Form {
    pub(crate) fn parse(encoded: &[u8]) -> Self {
        // Lenient by nature: bytes that are no UTF-8 are replaced, not refused.
        Self(url::form_urlencoded::parse(encoded).into_owned().collect())
    }

    /// The first value under the name; an empty one counts as absent.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(key, _)| key == name)?;
        // UPS treats an empty parameter like an absent one.
        Some(found.1.as_str()).filter(|value| !value.is_empty())
    }
}

impl Form {
    /// Whether one of the names has a value.
    pub(crate) fn names_any(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.get(name).is_some())
    }
}

/// Credentials from an `Authorization: Basic` header.
pub(crate) struct Basic {
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
}

/// Why there are no Basic credentials.
pub(crate) enum NoBasic {
    /// No `Authorization` header at all.
    Absent,
    /// Another scheme, or not decodable.
    Malformed,
}

impl Basic {
    pub(crate) fn from_headers(headers: &HeaderMap) -> Result<Self, NoBasic> {
        let value = headers.get(header::AUTHORIZATION).ok_or(NoBasic::Absent)?;
        let value = value.to_str().map_err(|_| NoBasic::Malformed)?;
        let (scheme, encoded) = value.split_once(' ').ok_or(NoBasic::Malformed)?;
        // Schemes are compared without case (RFC 9110).
        if !scheme.eq_ignore_ascii_case("basic") {
            return Err(NoBasic::Malformed);
        }
        let decoded = LENIENT
            .decode(encoded.trim())
            .map_err(|_| NoBasic::Malformed)?;
        let decoded = String::from_utf8(decoded).map_err(|_| NoBasic::Malformed)?;
        // Only the first colon parts them: a secret may hold others.
        let (id, secret) = decoded.split_once(':').ok_or(NoBasic::Malformed)?;
        Ok(Self {
            client_id: id.to_owned(),
            client_secret: secret.to_owned(),
        })
    }

    /// What the two parts say when they were form-encoded before (RFC 6749, 2.3.1); they may be the same.
    pub(crate) fn form_decoded(&self) -> Self {
        Self {
            client_id: form_decoded(&self.client_id),
            client_secret: form_decoded(&self.client_secret),
        }
    }
}

fn form_decoded(text: &str) -> String {
    // Before decoding: a plus is a blank in a form, while `%2B` is a plus.
    let text = text.replace('+', " ");
    let decoded = percent_encoding::percent_decode_str(&text).decode_utf8_lossy();
    decoded.into_owned()
}

#[cfg(test)]
mod tests {
    use super::form_decoded;

    #[test]
    fn parts_are_decoded_as_forms_are() {
        assert_eq!(form_decoded("p%2Bs%25t"), "p+s%t");
        assert_eq!(form_decoded("mock%2Dclient"), "mock-client");
        assert_eq!(form_decoded("a+b"), "a b");
        assert_eq!(form_decoded("100%"), "100%");
    }
}
