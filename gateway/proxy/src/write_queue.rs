//! What of a message is to be written next: bytes that were put together, then one piece of a body, which is not copied.

use bytes::{Buf as _, Bytes};
use std::{
    io::{self, IoSlice},
    task::{Poll, ready},
};

/// Shorter pieces are copied behind the other bytes, which costs less than a further element of a vectored write.
const SMALL: usize = 512;
/// A queue that needed more for its own bytes gives it back.
const KEPT: usize = 16 * 1024;

/// To be written in this order: `head` from `at` on, then `piece`, then `tail`.
#[derive(Debug, Default)]
pub(crate) struct WriteQueue {
    head: Vec<u8>,
    at: usize,
    piece: Bytes,
    tail: &'static [u8],
}

impl WriteQueue {
    pub(crate) const fn is_empty(&self) -> bool {
        self.at == self.head.len() && !self.holds_piece() && self.tail.is_empty()
    }

    /// Whether the next piece has to wait until this one is written.
    pub(crate) const fn holds_piece(&self) -> bool {
        !self.piece.is_empty()
    }

    /// Bytes that were put together and are not written yet. Only while there is no piece, more may be added to them.
    pub(crate) const fn head(&mut self) -> &mut Vec<u8> {
        &mut self.head
    }

    /// Adds a piece behind everything else. Only while there is none.
    pub(crate) fn add(&mut self, piece: Bytes) {
        if piece.len() < SMALL {
            self.head.extend_from_slice(&piece);
        } else {
            self.piece = piece;
        }
    }

    /// Adds bytes behind everything else. They take the place of those that were added behind the same piece.
    pub(crate) fn add_end(&mut self, bytes: &'static [u8]) {
        if self.holds_piece() {
            self.tail = bytes;
        } else {
            self.head.extend_from_slice(bytes);
        }
    }

    /// Writes all of it by `write`, which writes some of the slices and returns how much.
    pub(crate) fn poll_write(
        &mut self,
        mut write: impl FnMut(&[IoSlice<'_>]) -> Poll<io::Result<usize>>,
    ) -> Poll<io::Result<()>> {
        while !self.is_empty() {
            let mut slices = [IoSlice::new(&[]); 3];
            let mut count = 0;
            for bytes in [&self.head[self.at..], &self.piece, self.tail] {
                if !bytes.is_empty() {
                    slices[count] = IoSlice::new(bytes);
                    count += 1;
                }
            }
            let written = ready!(write(&slices[..count]))?;
            // A stream that takes nothing never will.
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.advance(written);
        }
        self.piece = Bytes::new();
        self.head.clear();
        self.at = 0;
        Poll::Ready(Ok(()))
    }

    fn advance(&mut self, mut written: usize) {
        let of_head = written.min(self.head.len() - self.at);
        self.at += of_head;
        written -= of_head;
        let of_piece = written.min(self.piece.len());
        self.piece.advance(of_piece);
        self.tail = &self.tail[written - of_piece..];
    }

    /// Gives back memory that most messages do not need.
    pub(crate) fn shrink(&mut self) {
        self.head.shrink_to(KEPT);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All that a queue writes, if each write takes this many bytes.
    fn written(queue: &mut WriteQueue, step: usize) -> Vec<u8> {
        let mut all = Vec::new();
        let done = queue.poll_write(|slices| {
            assert!(slices.iter().all(|slice| !slice.is_empty()));
            let bytes: Vec<u8> = slices.iter().flat_map(|slice| slice.to_vec()).collect();
            let taken = &bytes[..bytes.len().min(step)];
            all.extend_from_slice(taken);
            Poll::Ready(Ok(taken.len()))
        });
        assert!(matches!(done, Poll::Ready(Ok(()))) && queue.is_empty());
        all
    }

    #[test]
    fn everything_is_written_in_order_however_little_a_write_takes() {
        for size in [0, 1, SMALL - 1, SMALL, 3 * SMALL] {
            for step in [1, 2, 7, SMALL, 10 * SMALL] {
                let mut queue = WriteQueue::default();
                for _ in 0..2 {
                    queue.head().extend_from_slice(b"head ");
                    queue.add(Bytes::from(vec![b'x'; size]));
                    queue.add_end(b" end");
                    let expected = [&b"head "[..], &vec![b'x'; size], b" end"].concat();
                    assert_eq!(written(&mut queue, step), expected, "{size} {step}");
                }
            }
        }
    }

    #[test]
    fn stream_that_takes_nothing_is_an_error() {
        let mut queue = WriteQueue::default();
        assert!(queue.poll_write(|_| Poll::Ready(Ok(0))).is_ready());
        queue.head().push(b'x');
        let done = queue.poll_write(|_| Poll::Ready(Ok(0)));
        assert!(
            matches!(done, Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::WriteZero)
        );
    }
}
