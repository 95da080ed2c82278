//! Secrets that cannot be printed, compared or left in memory.

use secrecy::{ExposeSecret as _, SecretSlice, SecretString};
use std::fmt;

/// Secret text. It has no `Display`, no `PartialEq` and a `Debug` that says nothing; its memory is
/// overwritten when it is dropped.
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// Takes the text over.
    pub fn new(text: String) -> Self {
        Self(text.into())
    }

    /// The secret in clear. Every caller must be able to say where the text goes next.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// The password of an OAuth client (RFC 6749 section 2.3.1): ours at the carrier, or an app's at us.
pub type ClientSecret = Secret;

/// Secret bytes, under the same rules as [`Secret`]: what a plugin keeps between authorizations.
#[derive(Clone)]
pub struct SecretBytes(SecretSlice<u8>);

impl SecretBytes {
    /// Takes the bytes over.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(bytes.into())
    }

    /// The bytes in clear. Every caller must be able to say where they go next.
    pub fn expose(&self) -> &[u8] {
        self.0.expose_secret()
    }
}

impl Default for SecretBytes {
    fn default() -> Self {
        Self::new(Vec::new())
    }
}

impl fmt::Debug for SecretBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretBytes(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_debug_says_nothing() {
        let text = format!("{:?}", Secret::new("parcel-1".into()));
        let bytes = format!("{:?}", SecretBytes::new(b"parcel-1".to_vec()));
        assert_eq!(
            (text.as_str(), bytes.as_str()),
            ("Secret(..)", "SecretBytes(..)")
        );
    }
}
