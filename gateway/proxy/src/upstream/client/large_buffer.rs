//! Buffers for long answers, a few for each thread.
//!
//! A read of 128 KB costs less for each byte than four of 32 KB, but thousands of apps that do not read must not hold so
//! much each. So few buffers are out at a time, each until its bytes are written; whoever finds none reads less.

use bytes::Bytes;
use std::cell::RefCell;

/// What one buffer holds.
pub(super) const LARGE: usize = 128 * 1024;
/// How many are out at a time.
const OUT: usize = 8;
/// How many are kept for the next read. Mostly the bytes of one are written before the next one is read.
const KEPT: usize = 1;

#[derive(Debug, Default)]
struct Buffers {
    out: usize,
    kept: Vec<Box<[u8]>>,
}

thread_local! {
    static BUFFERS: RefCell<Buffers> = RefCell::default();
}

/// A buffer of this thread, which goes back when it is dropped.
#[derive(Debug)]
pub(super) struct LargeBuffer {
    bytes: Box<[u8]>,
    filled: usize,
}

impl LargeBuffer {
    /// A buffer, if there is one left.
    pub(super) fn take() -> Option<Self> {
        BUFFERS.with_borrow_mut(|buffers| {
            if buffers.out == OUT {
                return None;
            }
            buffers.out += 1;
            let kept = buffers.kept.pop();
            Some(Self {
                bytes: kept.unwrap_or_else(|| vec![0; LARGE].into_boxed_slice()),
                filled: 0,
            })
        })
    }

    /// Room for as much, as far as it goes.
    pub(super) fn room(&mut self, wanted: usize) -> &mut [u8] {
        let room = wanted.min(self.bytes.len());
        &mut self.bytes[..room]
    }

    /// The first bytes of it, without a copy.
    pub(super) fn into_bytes(mut self, filled: usize) -> Bytes {
        self.filled = filled;
        Bytes::from_owner(self)
    }
}

impl AsRef<[u8]> for LargeBuffer {
    fn as_ref(&self) -> &[u8] {
        &self.bytes[..self.filled]
    }
}

impl Drop for LargeBuffer {
    fn drop(&mut self) {
        let bytes = std::mem::take(&mut self.bytes);
        // A thread that ends has no buffers any more.
        let _ = BUFFERS.try_with(|buffers| {
            let mut buffers = buffers.borrow_mut();
            buffers.out = buffers.out.saturating_sub(1);
            if buffers.kept.len() < KEPT {
                buffers.kept.push(bytes);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_are_out_until_their_bytes_are_gone() {
        let mut out: Vec<_> = std::iter::from_fn(LargeBuffer::take).collect();
        assert_eq!(out.len(), OUT);
        let mut last = out.pop().expect("there are some");
        last.room(3).copy_from_slice(b"abc");
        let bytes = last.into_bytes(3);
        assert_eq!(bytes, "abc");
        assert!(LargeBuffer::take().is_none(), "its bytes are still there");
        drop(bytes);
        assert!(LargeBuffer::take().is_some());
        drop(out);
        BUFFERS.with_borrow(|buffers| assert_eq!((buffers.out, buffers.kept.len()), (0, KEPT)));
    }
}
