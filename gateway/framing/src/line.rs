//! Cutting a head into lines. The only line end is CR LF, and a line holds no control byte but HTAB.

use crate::octets;
use crate::violation::Violation;

/// What the bytes behind a line's start hold.
pub(crate) enum Line {
    /// A whole line: its content ends before this offset, the next line starts two bytes later.
    Complete(usize),
    /// No line end yet; nothing before this offset needs to be searched again.
    Incomplete(usize),
}

/// Finds the end of the line in `bytes`, of which the first `scanned` are known to hold none.
pub(crate) fn find(bytes: &[u8], scanned: usize) -> Result<Line, Violation> {
    let Some(at) = octets::first_control(&bytes[scanned..]) else {
        return Ok(Line::Incomplete(bytes.len()));
    };
    let at = scanned + at;
    match (bytes[at], bytes.get(at + 1)) {
        (b'\r', Some(b'\n')) => Ok(Line::Complete(at)),
        // The LF may be in the next read.
        (b'\r', None) => Ok(Line::Incomplete(at)),
        (b'\r', Some(_)) => Err(Violation::BareCarriageReturn),
        // RFC 9112 section 2.2 lets a recipient take LF alone as a line end. hyper does, others do
        // not, so a message with it has two readings.
        (b'\n', _) => Err(Violation::BareLineFeed),
        _ => Err(Violation::ControlByte),
    }
}
