//! What was decrypted and not asked for yet.

use tokio::io::ReadBuf;

/// See the module. Holds no buffer while it is empty.
#[derive(Debug, Default)]
pub(super) struct Plaintext {
    bytes: Vec<u8>,
    at: usize,
}

impl Plaintext {
    /// Hands a piece on, and keeps what has no room.
    pub(super) fn take(&mut self, piece: &[u8], buf: &mut ReadBuf<'_>) {
        let room = if self.bytes.is_empty() {
            buf.remaining()
        } else {
            0
        };
        let (now, later) = piece.split_at(piece.len().min(room));
        buf.put_slice(now);
        self.bytes.extend_from_slice(later);
    }

    /// Hands on what was kept; whether there was anything.
    pub(super) fn deliver(&mut self, buf: &mut ReadBuf<'_>) -> bool {
        let left = &self.bytes[self.at..];
        let count = left.len().min(buf.remaining());
        buf.put_slice(&left[..count]);
        self.at += count;
        if self.at == self.bytes.len() {
            *self = Self::default();
        }
        count > 0
    }
}

#[cfg(test)]
impl Plaintext {
    pub(super) const fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }
}
