//! Bytes that were read and not handed on yet.

use tokio::io::ReadBuf;

/// See the module. Holds no buffer while it is empty.
#[derive(Debug, Default)]
pub(crate) struct Held {
    /// `..at` are handed on, `..approved` may be.
    bytes: Vec<u8>,
    at: usize,
    approved: usize,
}

impl Held {
    pub(crate) const fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// All of them. To be judged only while none is approved.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) fn extend(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// So many may be handed on.
    pub(crate) const fn approve(&mut self, count: usize) {
        self.approved = count;
    }

    pub(crate) const fn approve_all(&mut self) {
        self.approved = self.bytes.len();
    }

    /// Forgets what is not approved.
    pub(crate) fn cut(&mut self) {
        self.bytes.truncate(self.approved);
    }

    /// Hands on what is approved; whether there was anything.
    pub(crate) fn deliver(&mut self, buf: &mut ReadBuf<'_>) -> bool {
        let count = (self.approved - self.at).min(buf.remaining());
        buf.put_slice(&self.bytes[self.at..self.at + count]);
        self.at += count;
        if self.at == self.approved {
            if self.at == self.bytes.len() {
                // Freed, not cleared: most connections wait most of the time.
                self.bytes = Vec::new();
            } else {
                self.bytes.drain(..self.at);
            }
            self.at = 0;
            self.approved = 0;
        }
        count > 0
    }
}
