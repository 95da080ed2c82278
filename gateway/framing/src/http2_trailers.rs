//! Makes h2 refuse a trailer section that has pseudo-header fields (RFC 9113 section 8.1).
//!
//! h2 drops such fields before anybody sees them, and takes the message as sound. But it refuses a
//! pseudo-header field that follows a regular field (RFC 9113 section 8.3). So every trailer section gets
//! a regular field in front: a HEADERS frame with that field alone, and the peer's own block as its
//! continuation. The field is in the static table and leaves the peer's dynamic table as it is. No
//! trailer of a request is forwarded, so nobody reads it.

use crate::http2_frame::{END_HEADERS, END_STREAM, HEADER, PADDED, PRIORITY, kind};
use crate::pass::Pass;

/// `accept-charset` without a value, entry 15 of the static table (RFC 7541 section 6.1).
const REGULAR_FIELD: u8 = 0x80 | 15;

/// The HEADERS frame of a trailer section.
#[derive(Debug)]
pub(crate) struct Trailers<'a> {
    header: &'a [u8],
    /// Bytes of the field block in this frame.
    pub(crate) block: usize,
    /// Bytes of padding behind it, which are dropped.
    pub(crate) padding: usize,
    sound: bool,
}

impl<'a> Trailers<'a> {
    /// How many bytes stand before the field block: the padding's length and a priority.
    pub(crate) const fn prefix(header: &[u8]) -> usize {
        let flags = header[4];
        (if flags & PADDED == 0 { 0 } else { 1 }) + (if flags & PRIORITY == 0 { 0 } else { 5 })
    }

    /// `header` with its prefix, of a frame with a payload of `payload` bytes.
    pub(crate) fn new(header: &'a [u8], payload: usize) -> Self {
        let behind = payload - (header.len() - HEADER);
        let padding = if header[4] & PADDED == 0 {
            0
        } else {
            usize::from(header[HEADER])
        };
        let stream = |at: usize| {
            [
                header[at] & 0x7F,
                header[at + 1],
                header[at + 2],
                header[at + 3],
            ]
        };
        let depends_on_itself = header[4] & PRIORITY != 0 && stream(header.len() - 5) == stream(5);
        // h2 gets the frame as it is: it ends the connection for more padding than payload, and the
        // stream for one that depends on itself.
        let sound = padding <= behind && !depends_on_itself;
        Self {
            header,
            block: if sound { behind - padding } else { behind },
            padding: if sound { padding } else { 0 },
            sound,
        }
    }

    /// Writes what stands for the frame up to its field block.
    pub(crate) fn write(&self, pass: &mut Pass<'_>) {
        if !self.sound {
            return pass.insert(self.header);
        }
        let (flags, stream) = (self.header[4], &self.header[5..HEADER]);
        // Without the priority: RFC 9113 section 5.3.2 deprecates it.
        pass.insert(&[0, 0, 1, kind::HEADERS, flags & END_STREAM]);
        pass.insert(stream);
        pass.insert(&[REGULAR_FIELD]);
        let [.., a, b, c] = self.block.to_be_bytes();
        pass.insert(&[a, b, c, kind::CONTINUATION, flags & END_HEADERS]);
        pass.insert(stream);
    }
}
