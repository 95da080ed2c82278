//! The digest of a plugin file.

use aws_lc_rs::digest::{Context, SHA256, digest};
use gateway_model::Digest;
use std::io::{self, Read};

/// Bytes of a file that are read at a time.
const BLOCK: usize = 32 << 10;

/// The SHA-256 of these bytes.
///
/// Each file is hashed twice at every start, so by the provider with vector code: many servers'
/// processors have no SHA instructions.
pub fn digest_of(bytes: &[u8]) -> Digest {
    finished(digest(&SHA256, bytes))
}

/// The SHA-256 of what is read, block by block: a buffer of a whole library would stay with the process, because the
/// allocator keeps a freed block of that size for the next one.
pub(crate) fn digest_of_read(mut from: impl Read) -> io::Result<Digest> {
    let mut digest = Context::new(&SHA256);
    let mut block = vec![0; BLOCK];
    loop {
        match from.read(&mut block)? {
            0 => return Ok(finished(digest.finish())),
            read => digest.update(block.get(..read).unwrap_or_default()),
        }
    }
}

fn finished(found: aws_lc_rs::digest::Digest) -> Digest {
    let bytes = found.as_ref().first_chunk();
    Digest::from_bytes(*bytes.expect("a SHA-256 has 32 bytes"))
}
