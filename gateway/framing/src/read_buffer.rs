//! Bytes that were read from a stream and not handed on yet.

use tokio::io::ReadBuf;

/// Received bytes, of which a prefix is approved. It owns no memory while it is empty.
#[derive(Debug, Default)]
pub struct ReadBuffer {
    /// `..delivered` are handed on, `..approved` may be.
    bytes: Vec<u8>,
    delivered: usize,
    approved: usize,
}

impl ReadBuffer {
    /// Whether there is nothing left to hand on or to approve.
    #[inline]
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// All bytes. Meaningful only while none of them is approved.
    #[inline]
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Adds bytes behind the others.
    #[inline]
    pub fn extend(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Approves the first `count` bytes.
    #[inline]
    pub const fn approve(&mut self, count: usize) {
        self.approved = count;
    }

    /// Approves everything.
    #[inline]
    pub const fn approve_all(&mut self) {
        self.approved = self.bytes.len();
    }

    /// Drops what is not approved.
    pub fn discard_unapproved(&mut self) {
        self.bytes.truncate(self.approved);
    }

    /// Copies approved bytes into `buf`, and returns whether there were any.
    pub fn deliver(&mut self, buf: &mut ReadBuf<'_>) -> bool {
        // Never more than the caller has room for; the remainder is delivered next time.
        let count = (self.approved - self.delivered).min(buf.remaining());
        buf.put_slice(&self.bytes[self.delivered..self.delivered + count]);
        self.delivered += count;
        if self.delivered == self.approved {
            if self.delivered == self.bytes.len() {
                // Freed, not cleared: thousands of idle connections must not keep a buffer each.
                self.bytes = Vec::new();
            } else {
                self.bytes.drain(..self.delivered);
            }
            self.delivered = 0;
            self.approved = 0;
        }
        count > 0
    }
}
