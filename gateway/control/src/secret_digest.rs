//! Digests and hints of secrets that only have to be recognised.

use gateway_model::Secret;
use gateway_store::SecretDigest;
use sha2::{Digest as _, Sha256};

/// The digest of a secret that only has to be recognised. The secret itself is not stored.
pub(crate) fn digest(secret: &Secret) -> SecretDigest {
    SecretDigest(Sha256::digest(secret.expose().as_bytes()).into())
}

/// The last four characters of a key, so that people recognise it. A short key shows nothing.
pub(crate) fn hint(key: &Secret) -> String {
    let text = key.expose();
    let start = text.char_indices().rev().nth(3).map(|(at, _)| at);
    match start {
        // Four of fewer than twelve characters would help somebody to guess the others.
        Some(at) if text.len() >= 12 => text[at..].to_owned(),
        Some(_) | None => "…".to_owned(),
    }
}
