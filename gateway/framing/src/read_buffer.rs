//! Bytes that were read from a stream and not handed on yet.

use bytes::{Buf as _, Bytes, BytesMut};
use tokio::io::ReadBuf;

/// Received bytes, of which a prefix is approved. It owns no memory while it is empty.
#[derive(Debug, Default)]
pub struct ReadBuffer {
    /// `..delivered` are handed on, `..approved` may be.
    bytes: BytesMut,
    delivered: usize,
    approved: usize,
}

impl ReadBuffer {
    /// Whether there is nothing left to hand on or to approve.
    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
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
    pub fn approve_all(&mut self) {
        self.approved = self.bytes.len();
    }

    /// Drops what is not approved.
    pub fn discard_unapproved(&mut self) {
        self.bytes.truncate(self.approved);
    }

    /// Takes the first `count` bytes without a copy. Only while none is approved.
    pub(crate) fn split_to(&mut self, count: usize) -> Bytes {
        let taken = self.bytes.split_to(count).freeze();
        self.release_if_empty();
        taken
    }

    /// Drops the first `count` bytes. Only while none is approved.
    pub(crate) fn skip(&mut self, count: usize) {
        self.bytes.advance(count);
        self.release_if_empty();
    }

    /// The bytes as a buffer with room for a read of `room` bytes behind them.
    pub(crate) fn with_room(&mut self, room: usize) -> &mut BytesMut {
        self.bytes.reserve(room);
        &mut self.bytes
    }

    /// Gives back the memory of an empty buffer.
    pub(crate) fn release_if_empty(&mut self) {
        if self.bytes.is_empty() {
            // Freed, not cleared: thousands of idle connections must not keep a buffer each.
            self.bytes = BytesMut::new();
        }
    }

    /// Copies approved bytes into `buf`, and returns whether there were any.
    pub fn deliver(&mut self, buf: &mut ReadBuf<'_>) -> bool {
        // Never more than the caller has room for; the remainder is delivered next time.
        let count = (self.approved - self.delivered).min(buf.remaining());
        buf.put_slice(&self.bytes[self.delivered..self.delivered + count]);
        self.delivered += count;
        if self.delivered == self.approved {
            self.bytes.advance(self.delivered);
            self.release_if_empty();
            self.delivered = 0;
            self.approved = 0;
        }
        count > 0
    }
}
