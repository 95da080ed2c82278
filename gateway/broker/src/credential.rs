//! A credential that is ready to inject.

use aws_lc_rs::digest::{SHA256, digest};
use gateway_model::{Credential, Fingerprint, Generation};
use http::{HeaderName, HeaderValue, header};
use std::time::Instant;

/// Prepares a credential once, so that a request only copies it.
pub(crate) fn credential(
    generation: Generation,
    mut headers: Vec<(HeaderName, HeaderValue)>,
    expires_at: Instant,
) -> Credential {
    for (_, value) in &mut headers {
        value.set_sensitive(true);
    }
    Credential {
        generation,
        headers,
        expires_at,
        state: None,
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
        .or_else(|| headers.first())
        .map_or(&b""[..], |(_, value)| value.as_bytes());
    let token = match value.iter().position(|byte| *byte == b' ') {
        Some(space) => value[space..].trim_ascii_start(),
        None => value,
    };
    let digest = digest(&SHA256, token);
    let first = digest.as_ref().first_chunk();
    Fingerprint(*first.expect("a SHA-256 has 32 bytes"))
}

#[cfg(test)]
mod tests;
