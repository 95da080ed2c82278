//! What the operator demands of plugins.

use crate::{CarrierId, Digest, IsolationPolicy};
use minisign_verify::{Error, PublicKey, Signature};
use std::{collections::HashMap, fmt, str::FromStr};

/// What the operator demands of plugins.
#[derive(Clone, Debug, Default)]
pub struct PluginPolicy {
    /// Refuses what is otherwise only reported: functions for I/O, further libraries, further exports.
    pub strict: bool,
    /// The only content that a plugin of a name may have, as the configuration says it. The lock file
    /// beside the plugins says the same.
    pub pins: HashMap<String, Digest>,
    /// Keys whose signatures of plugin files count.
    pub trusted_keys: Vec<TrustedKey>,
    /// Refuses plugins that are neither locked nor pinned nor signed with a trusted key.
    pub require_trusted: bool,
    /// Which process each plugin runs in.
    pub isolation: IsolationPolicy,
    /// The operator's own names of carriers, with the carrier of the plugin that serves each.
    pub carriers: HashMap<CarrierId, CarrierId>,
}

impl PluginPolicy {
    /// The carrier of the plugin that serves this one: itself, unless the operator made the name.
    pub fn serving<'a>(&'a self, carrier: &'a CarrierId) -> &'a CarrierId {
        self.carriers.get(carrier).unwrap_or(carrier)
    }
}

/// A public key of minisign, as the second line of `minisign.pub` has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustedKey {
    text: String,
    key: PublicKey,
}

/// The text is not a public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is not a public key of minisign: take the second line of `minisign.pub`")]
pub struct TrustedKeyError;

/// Why a signature by this key does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignatureMismatch {
    /// Another key made it.
    OtherKey,
    /// It was made for another content, or was changed.
    OtherContent,
}

impl TrustedKey {
    /// Checks a signature of `content`.
    ///
    /// # Errors
    /// When the key did not sign this content.
    pub fn verify(&self, content: &[u8], signature: &Signature) -> Result<(), SignatureMismatch> {
        // Legacy signatures are fine: a plugin file is in memory as a whole.
        self.key
            .verify(content, signature, true)
            .map_err(|error| match error {
                Error::UnexpectedKeyId => SignatureMismatch::OtherKey,
                Error::InvalidEncoding
                | Error::InvalidSignature
                | Error::IoError(_)
                | Error::UnexpectedAlgorithm
                | Error::UnsupportedAlgorithm
                | Error::UnsupportedLegacyMode => SignatureMismatch::OtherContent,
            })
    }
}

impl FromStr for TrustedKey {
    type Err = TrustedKeyError;

    fn from_str(text: &str) -> Result<Self, TrustedKeyError> {
        let key = PublicKey::from_base64(text).map_err(|_| TrustedKeyError)?;
        Ok(Self {
            text: text.to_owned(),
            key,
        })
    }
}

impl fmt::Display for TrustedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3";

    #[test]
    fn key_is_the_second_line_of_its_file() {
        let key: TrustedKey = KEY.parse().expect("minisign's own example");
        assert_eq!(key.to_string(), KEY);
        for text in ["", "RWQf6LRC", &KEY[1..], "untrusted comment: a key"] {
            assert_eq!(text.parse::<TrustedKey>(), Err(TrustedKeyError), "{text}");
        }
    }
}
