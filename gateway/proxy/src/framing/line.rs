//! Cutting a head into lines. The only line end is CR LF, and no other control byte is in a line.

use super::{Violation, bytes};

/// What the bytes after a line's start hold.
pub(super) enum Line {
    /// A whole line: its content ends before this offset, the next line starts two bytes later.
    Whole(usize),
    /// No line end yet; nothing before this offset needs to be looked at again.
    Open(usize),
}

/// Finds the end of the line in `bytes`, of which the first `scanned` are known to hold none.
pub(super) fn find(bytes: &[u8], scanned: usize) -> Result<Line, Violation> {
    let Some(at) = bytes::first_control(&bytes[scanned..]) else {
        return Ok(Line::Open(bytes.len()));
    };
    let at = scanned + at;
    match (bytes[at], bytes.get(at + 1)) {
        (b'\r', Some(b'\n')) => Ok(Line::Whole(at)),
        (b'\r', None) => Ok(Line::Open(at)),
        (b'\r', Some(_)) => Err(Violation::BareCarriageReturn),
        (b'\n', _) => Err(Violation::BareLineFeed),
        _ => Err(Violation::ControlByte),
    }
}
