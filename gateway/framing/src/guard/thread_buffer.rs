//! One read buffer per thread.
//!
//! Bytes are read into it, checked there and copied on, so that a waiting connection needs no buffer.

use std::cell::RefCell;

/// Larger than any read that hyper requests before a body has proven to be long.
const BYTES: usize = 64 * 1024;

thread_local! {
    static BUFFER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Lends the thread's buffer to `read`, which must not call this function again.
pub(super) fn with<R>(read: impl FnOnce(&mut [u8]) -> R) -> R {
    BUFFER.with_borrow_mut(|buffer| {
        if buffer.is_empty() {
            buffer.resize(BYTES, 0);
        }
        read(buffer)
    })
}
