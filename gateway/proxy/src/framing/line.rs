//! Cutting a head into lines. The only line end is CR LF.

use super::Violation;

/// What the bytes after a line's start hold.
pub(super) enum Line {
    /// A whole line: its content ends before this offset, the next line starts two bytes later.
    Whole(usize),
    /// No line end yet; nothing before this offset needs to be looked at again.
    Open(usize),
}

/// Finds the end of the line in `bytes`, of which the first `scanned` are known to hold none.
pub(super) fn find(bytes: &[u8], scanned: usize) -> Result<Line, Violation> {
    let Some(at) = memchr::memchr2(b'\r', b'\n', &bytes[scanned..]) else {
        return Ok(Line::Open(bytes.len()));
    };
    let at = scanned + at;
    match (bytes[at], bytes.get(at + 1)) {
        (b'\n', _) => Err(Violation::BareLineFeed),
        (_, None) => Ok(Line::Open(at)),
        (_, Some(b'\n')) => Ok(Line::Whole(at)),
        (_, Some(_)) => Err(Violation::BareCarriageReturn),
    }
}
