//! A credential that is ready to inject.

use aws_lc_rs::digest::{SHA256, digest};
use gateway_model::{Credential, Fingerprint, Generation, SlotCredential};
use http::{HeaderName, HeaderValue, header};
use std::time::Instant;

/// Prepares a credential once, so that a request only copies it.
pub(crate) fn credential(
    generation: Generation,
    mut headers: Vec<(HeaderName, HeaderValue)>,
    slots: Vec<SlotCredential>,
    expires_at: Instant,
) -> Credential {
    for (_, value) in &mut headers {
        // So that `Debug` and HTTP/2's compression keep the token to themselves.
        value.set_sensitive(true);
    }
    Credential {
        generation,
        headers,
        expires_at,
        state: None,
        slots,
    }
}

/// The first four bytes of the SHA-256 of the token, without the scheme in front of it.
///
/// It is computed only when it is shown: at a start with many accounts, hashing every adopted token
/// would be a good part of the work.
pub(crate) fn fingerprint(headers: &[(HeaderName, HeaderValue)]) -> Fingerprint {
    let value = headers
        .iter()
        .find(|(name, _)| *name == header::AUTHORIZATION)
        // Of a carrier with another field, the first that the plugin names stands for the token.
        .or_else(|| headers.first())
        .map_or(&b""[..], |(_, value)| value.as_bytes());
    let token = match value.iter().position(|byte| *byte == b' ') {
        // Without the scheme, so that the same token shows the same fingerprint at every carrier.
        Some(space) => value[space..].trim_ascii_start(),
        None => value,
    };
    let digest = digest(&SHA256, token);
    let first = digest.as_ref().first_chunk();
    Fingerprint(*first.expect("a SHA-256 has 32 bytes"))
}

#[cfg(test)]
mod tests;
