//! The digest of a plugin file.

use aws_lc_rs::digest::{SHA256, digest};
use gateway_model::Digest;

/// The SHA-256 of these bytes.
///
/// Each file is hashed twice at every start, so by the provider with vector code: many servers'
/// processors have no SHA instructions.
pub fn digest_of(bytes: &[u8]) -> Digest {
    let found = digest(&SHA256, bytes);
    let bytes = found.as_ref().first_chunk();
    Digest::from_bytes(*bytes.expect("a SHA-256 has 32 bytes"))
}
