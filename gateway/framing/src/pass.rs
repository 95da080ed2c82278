//! The bytes of one read on their way to hyper.

/// Bytes that stay where they were read, up to the first change. Everything behind it is copied.
#[derive(Debug)]
pub(crate) struct Pass<'a> {
    rest: &'a [u8],
    in_place: usize,
    is_changed: bool,
    changed: &'a mut Vec<u8>,
}

impl<'a> Pass<'a> {
    /// `changed` takes what follows the bytes that stay in place.
    pub(crate) const fn new(bytes: &'a [u8], changed: &'a mut Vec<u8>) -> Self {
        Self {
            rest: bytes,
            in_place: 0,
            is_changed: false,
            changed,
        }
    }

    /// How many bytes are still to be kept or skipped.
    pub(crate) const fn left(&self) -> usize {
        self.rest.len()
    }

    /// The next bytes.
    pub(crate) fn next(&self, count: usize) -> &'a [u8] {
        &self.rest[..count]
    }

    /// Passes the next bytes on.
    pub(crate) fn keep(&mut self, count: usize) {
        let (kept, rest) = self.rest.split_at(count);
        self.rest = rest;
        if self.is_changed {
            self.changed.extend_from_slice(kept);
        } else {
            self.in_place += count;
        }
    }

    /// Leaves the next bytes out.
    pub(crate) fn skip(&mut self, count: usize) {
        self.is_changed = true;
        self.rest = &self.rest[count..];
    }

    /// Passes on bytes that the peer did not send, or sent before.
    pub(crate) fn insert(&mut self, bytes: &[u8]) {
        self.is_changed = true;
        self.changed.extend_from_slice(bytes);
    }

    /// How many bytes pass where they are.
    pub(crate) const fn in_place(&self) -> usize {
        self.in_place
    }
}
