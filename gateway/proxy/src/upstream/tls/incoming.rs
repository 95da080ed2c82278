//! What was read from the peer and not decrypted yet.

use std::{
    cell::RefCell,
    io,
    pin::Pin,
    task::{Context, Poll},
};
use tokio::io::{AsyncRead, ReadBuf};

/// One record of the largest size, and what encrypting adds to it.
pub(super) const BYTES: usize = 18 * 1024;
/// With a message of the handshake that is in several records, the longest that rustls takes.
const LARGEST: usize = 64 * 1024 + BYTES;
/// Buffers that a thread keeps.
const SPARE: usize = 4;

thread_local! {
    static STOCK: RefCell<Vec<Box<[u8]>>> = const { RefCell::new(Vec::new()) };
}

/// Encrypted bytes that were read and not processed yet. Holds no buffer while it is empty.
#[derive(Debug, Default)]
pub(super) struct Incoming {
    bytes: Box<[u8]>,
    at: usize,
    end: usize,
}

impl Incoming {
    pub(super) const fn is_empty(&self) -> bool {
        self.at == self.end
    }

    pub(super) fn filled(&mut self) -> &mut [u8] {
        &mut self.bytes[self.at..self.end]
    }

    /// Drops so many bytes at the front.
    pub(super) fn discard(&mut self, count: usize) {
        self.at += count;
        if self.is_empty() {
            self.clear();
        }
    }

    /// Drops everything; the thread gets the buffer back.
    pub(super) fn clear(&mut self) {
        (self.at, self.end) = (0, 0);
        let bytes = std::mem::take(&mut self.bytes);
        // Only buffers of the usual size: a larger one was for one long message.
        if bytes.len() == BYTES {
            STOCK.with_borrow_mut(|stock| {
                if stock.len() < SPARE {
                    stock.push(bytes);
                }
            });
        }
    }

    /// One read; how much came, nothing at the end of the stream.
    pub(super) fn poll_fill<T: AsyncRead + Unpin>(
        &mut self,
        io: &mut T,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        self.make_room()?;
        let mut buf = ReadBuf::new(&mut self.bytes[self.end..]);
        let read = Pin::new(io).poll_read(cx, &mut buf);
        let count = buf.filled().len();
        self.end += count;
        if self.is_empty() {
            self.clear();
        }
        read.map_ok(|()| count)
    }

    fn make_room(&mut self) -> io::Result<()> {
        if self.bytes.is_empty() {
            let spare = STOCK.with_borrow_mut(Vec::pop);
            self.bytes = spare.unwrap_or_else(|| vec![0; BYTES].into());
        }
        if self.at > 0 {
            self.bytes.copy_within(self.at..self.end, 0);
            (self.at, self.end) = (0, self.end - self.at);
        }
        if self.end < self.bytes.len() {
            return Ok(());
        }
        // A peer that sends no end of a message must not fill the memory.
        if self.end == LARGEST {
            let kind = io::ErrorKind::InvalidData;
            return Err(io::Error::new(kind, "message buffer full"));
        }
        let mut larger = vec![0; LARGEST];
        larger[..self.end].copy_from_slice(&self.bytes);
        self.bytes = larger.into();
        Ok(())
    }
}

#[cfg(test)]
pub(super) fn spare() -> usize {
    STOCK.with_borrow(Vec::len)
}
