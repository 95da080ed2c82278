//! The limits of a message head. Two can be configured. Carrier clients stay far below the others, and
//! each one is lower than the limit that hyper would apply behind it.

/// The limits that can be configured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Bytes of the whole head, from the first byte to the empty line.
    pub head: usize,
    /// Bytes of the request target.
    pub target: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            head: HEAD_BYTES,
            target: TARGET_BYTES,
        }
    }
}

/// The default of [`Bounds::head`].
pub const HEAD_BYTES: usize = 64 * 1024;
/// Field lines in a head.
pub const FIELDS: u16 = 100;
/// The default of [`Bounds::target`].
pub const TARGET_BYTES: usize = 8 * 1024;
/// The method. The longest registered one, `UPDATEREDIRECTREF`, has 17 letters.
pub const METHOD_BYTES: usize = 32;
/// Empty lines before a request line; some old clients send one after a body (RFC 9112 section 2.2).
pub const EMPTY_LINES: u8 = 1;
/// Extension bytes in one chunk-size line.
pub const CHUNK_EXTENSION_BYTES: u16 = 256;
/// Extension bytes in a whole body; hyper fails at 16 KiB.
pub const BODY_EXTENSION_BYTES: u32 = 4 * 1024;
/// Bytes of a trailer section; hyper fails at 16 KiB.
pub const TRAILER_BYTES: u16 = 8 * 1024;
/// Fields of a trailer section.
pub const TRAILER_FIELDS: u8 = 32;
/// Interim (1xx) responses to one request.
pub const INFORMATIONAL: u8 = 16;
