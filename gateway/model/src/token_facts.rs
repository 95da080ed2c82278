//! What a carrier says about a token and the consent behind it, for people to look at.

use serde::{Deserialize, Serialize};

/// The longest text that is kept, in bytes.
const MAX_TEXT: usize = 256;

/// Facts of the carrier's last token answer. None is a secret; what the carrier did not say is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TokenFacts {
    /// `Bearer`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_type: Option<String>,
    /// Scopes, parted by spaces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// The carrier's word for the state of the access token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// The carrier's word for the state of the refresh token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_status: Option<String>,
    /// When the refresh token was issued, in milliseconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_issued_at_ms: Option<u64>,
    /// When the refresh token ends, in milliseconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_expires_at_ms: Option<u64>,
    /// How often it was refreshed, by the carrier's count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_count: Option<u64>,
}

/// A text that is no fact: too long, or not printable ASCII.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is longer than 256 bytes or has characters other than printable ASCII")]
pub struct FactsError(pub &'static str);

impl TokenFacts {
    /// The same facts, if all texts are short and printable.
    ///
    /// # Errors
    /// With the name of the first that is not.
    pub fn checked(self) -> Result<Self, FactsError> {
        let texts = [
            ("token_type", &self.token_type),
            ("scope", &self.scope),
            ("status", &self.status),
            ("refresh_status", &self.refresh_status),
        ];
        let plain = |text: &str| {
            // No control characters: the facts end up on terminals and in logs.
            text.len() <= MAX_TEXT && text.bytes().all(|b| b == b' ' || b.is_ascii_graphic())
        };
        // All or nothing: a plugin that sends one bad text is not to be trusted with the others.
        for (name, text) in texts {
            if text.as_deref().is_some_and(|text| !plain(text)) {
                return Err(FactsError(name));
            }
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(text: &str) -> Result<TokenFacts, FactsError> {
        let facts = TokenFacts {
            scope: Some(text.to_owned()),
            ..TokenFacts::default()
        };
        facts.checked()
    }

    #[test]
    fn facts_are_short_and_printable() {
        assert!(scope("").is_ok() && scope("read write").is_ok());
        for text in ["a\nb", "caf\u{e9}", "\u{202e}", "\u{7f}", &"x".repeat(257)] {
            assert_eq!(scope(text), Err(FactsError("scope")), "{text:?}");
        }
    }
}
