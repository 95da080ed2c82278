//! Secrets that cannot be printed, compared or left in memory.

use std::{fmt, mem};

/// Secret text. It has no `Display` and no `PartialEq`, and `Debug` does not print it. Its memory is
/// overwritten when it is dropped.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// Wraps the text.
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The secret in clear. Every caller must be able to say where the text goes next.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        // `String` gives mutable access to its bytes only as a whole.
        wipe(&mut mem::take(&mut self.0).into_bytes());
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// The password of an OAuth client (RFC 6749 section 2.3.1): the gateway's at the carrier, or an app's at the gateway.
pub type ClientSecret = Secret;

/// Secret bytes, under the same rules as [`Secret`]: what a plugin keeps between authorizations.
#[derive(Clone, Default)]
pub struct SecretBytes(Vec<u8>);

impl SecretBytes {
    /// Wraps the bytes.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The bytes in clear. Every caller must be able to say where they go next.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for SecretBytes {
    fn drop(&mut self) {
        wipe(&mut self.0);
    }
}

impl fmt::Debug for SecretBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretBytes(..)")
    }
}

/// Overwrites the whole allocation, including its unused part. It is overwritten at once and not byte by
/// byte, as `zeroize` does: a start with many accounts wipes megabytes.
fn wipe(bytes: &mut Vec<u8>) {
    // The length goes to zero first, so that the next line writes the whole allocation.
    bytes.clear();
    // The capacity, not the length: a text that was longer before has left bytes behind.
    bytes.resize(bytes.capacity(), 0);
    // Otherwise the compiler would remove writes that nothing reads.
    zeroize::optimization_barrier(bytes.as_slice());
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

    #[test]
    fn wiping_overwrites_the_whole_allocation() {
        let mut bytes = Vec::with_capacity(64);
        bytes.extend_from_slice(b"parcel-1, and what was behind it");
        bytes.truncate(8);
        let place = bytes.as_ptr();
        wipe(&mut bytes);
        assert_eq!((bytes.as_ptr(), bytes.capacity()), (place, bytes.len()));
        assert!(bytes.len() >= 64 && bytes.iter().all(|byte| *byte == 0));
    }
}
