//! One read buffer per thread.
//!
//! Bytes are read here, judged here, and copied on; so a connection that waits holds no buffer.

use std::cell::RefCell;

/// Larger than any read hyper asks for before a body has proven to be long.
const BYTES: usize = 64 * 1024;

thread_local! {
    static SCRATCH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Lends the thread's buffer. `read` must not come back here.
pub(super) fn with<R>(read: impl FnOnce(&mut [u8]) -> R) -> R {
    SCRATCH.with_borrow_mut(|scratch| {
        if scratch.is_empty() {
            scratch.resize(BYTES, 0);
        }
        read(scratch)
    })
}
