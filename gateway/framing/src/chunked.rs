//! The chunked coding (RFC 9112 section 7.1), checked byte by byte as it passes; chunk data is skipped in
//! one step.

use crate::violation::Violation;
use crate::{limits, octets};

/// What the next byte of a chunked body belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ChunkedState {
    Size,
    ExtensionName { empty: bool },
    ExtensionValue { empty: bool },
    Quoted,
    Escaped,
    AfterQuoted,
    SizeLf,
    Data,
    DataCr,
    DataLf,
    TrailerStart,
    TrailerName,
    TrailerValue,
    TrailerLf,
    EndLf,
    End,
}

/// Follows one chunked body from its first size line to the end of its trailer section.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ChunkedFraming {
    state: ChunkedState,
    /// Digits of the size read so far.
    digits: u8,
    trailer_fields: u8,
    line_extension: u16,
    trailer_bytes: u16,
    body_extension: u32,
    /// The size being read, then how much of the chunk is still to come.
    remaining: u64,
}

impl ChunkedFraming {
    pub(crate) const fn new() -> Self {
        Self {
            state: ChunkedState::Size,
            digits: 0,
            trailer_fields: 0,
            line_extension: 0,
            trailer_bytes: 0,
            body_extension: 0,
            remaining: 0,
        }
    }

    pub(crate) fn is_done(&self) -> bool {
        self.state == ChunkedState::End
    }

    /// Follows `bytes`. Returns how many of them belong to the body and are valid, and what is wrong with
    /// the next.
    pub(crate) fn advance(&mut self, bytes: &[u8]) -> (usize, Result<(), Violation>) {
        let mut at = 0;
        while at < bytes.len() && !self.is_done() {
            at += self.content(bytes.len() - at);
            let (here, result) = self.framing(&bytes[at..]);
            at += here;
            if result.is_err() {
                return (at, result);
            }
        }
        (at, Ok(()))
    }

    /// How many of the next `available` bytes are content; 0 if framing comes first.
    pub(crate) fn content(&mut self, available: usize) -> usize {
        if self.state != ChunkedState::Data {
            return 0;
        }
        let here = usize::try_from(self.remaining)
            .unwrap_or(usize::MAX)
            .min(available);
        self.remaining -= here as u64;
        if self.remaining == 0 {
            // Set at once, so that a chunk whose data has just ended is never taken for one with more to come.
            self.state = ChunkedState::DataCr;
        }
        here
    }

    /// Follows framing up to the next content, or to the end of the body.
    pub(crate) fn framing(&mut self, bytes: &[u8]) -> (usize, Result<(), Violation>) {
        for (at, &byte) in bytes.iter().enumerate() {
            // Content is left to the caller, which passes it on in one piece.
            if matches!(self.state, ChunkedState::Data | ChunkedState::End) {
                return (at, Ok(()));
            }
            match self.next(byte) {
                Ok(next) => self.state = next,
                Err(violation) => return (at, Err(violation)),
            }
        }
        (bytes.len(), Ok(()))
    }

    fn next(&mut self, byte: u8) -> Result<ChunkedState, Violation> {
        match self.state {
            ChunkedState::Size => self.size(byte),
            ChunkedState::ExtensionName { .. }
            | ChunkedState::ExtensionValue { .. }
            | ChunkedState::Quoted
            | ChunkedState::Escaped
            | ChunkedState::AfterQuoted => self.extension(byte),
            ChunkedState::SizeLf if byte == b'\n' => Ok(self.after_size()),
            // Some readers end a chunk-size line at CR alone, and find a chunk's data one byte earlier.
            ChunkedState::SizeLf => Err(Violation::BareCarriageReturn),
            ChunkedState::DataCr if byte == b'\r' => Ok(ChunkedState::DataLf),
            ChunkedState::DataLf if byte == b'\n' => Ok(ChunkedState::Size),
            ChunkedState::Data
            | ChunkedState::DataCr
            | ChunkedState::DataLf
            | ChunkedState::End => Err(Violation::ChunkEnd),
            ChunkedState::TrailerStart
            | ChunkedState::TrailerName
            | ChunkedState::TrailerValue
            | ChunkedState::TrailerLf
            | ChunkedState::EndLf => self.trailer(byte),
        }
    }

    fn size(&mut self, byte: u8) -> Result<ChunkedState, Violation> {
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'f' => byte - b'a' + 10,
            b'A'..=b'F' => byte - b'A' + 10,
            // A chunk without a digit has no size; some readers would take it for the last one.
            b'\r' if self.digits > 0 => return Ok(ChunkedState::SizeLf),
            b';' if self.digits > 0 => return Ok(ChunkedState::ExtensionName { empty: true }),
            _ => return Err(Violation::ChunkSize),
        };
        self.digits += 1;
        self.remaining = self.remaining << 4 | u64::from(digit);
        // A size that overflows another reader's signed 64-bit counter would end the chunk elsewhere
        // for that reader (RFC 9112 section 7.1).
        if self.digits > 16 || i64::try_from(self.remaining).is_err() {
            return Err(Violation::ChunkSize);
        }
        Ok(ChunkedState::Size)
    }

    fn after_size(&mut self) -> ChunkedState {
        self.digits = 0;
        self.line_extension = 0;
        if self.remaining == 0 {
            ChunkedState::TrailerStart
        } else {
            ChunkedState::Data
        }
    }

    /// `;name`, `;name=token` or `;name="quoted"` (RFC 9112 section 7.1.1).
    ///
    /// White space between the parts is refused: readers disagree about where it may stand.
    fn extension(&mut self, byte: u8) -> Result<ChunkedState, Violation> {
        // Counted before the byte is looked at, so that endless extensions end however they are written.
        self.line_extension += 1;
        self.body_extension += 1;
        // Both, since many chunks with short extensions carry as much as one with a long one.
        if self.line_extension > limits::CHUNK_EXTENSION_BYTES
            || self.body_extension > limits::BODY_EXTENSION_BYTES
        {
            return Err(Violation::ChunkExtension);
        }
        Ok(match (self.state, byte) {
            (ChunkedState::ExtensionName { .. }, _) if octets::is_token(byte) => {
                ChunkedState::ExtensionName { empty: false }
            }
            (ChunkedState::ExtensionName { empty: false }, b'=') => {
                ChunkedState::ExtensionValue { empty: true }
            }
            // Only at the start of a value: a quote in the middle has no single reading.
            (ChunkedState::ExtensionValue { empty: true }, b'"') => ChunkedState::Quoted,
            (ChunkedState::ExtensionValue { .. }, _) if octets::is_token(byte) => {
                ChunkedState::ExtensionValue { empty: false }
            }
            (
                ChunkedState::ExtensionName { empty: false }
                | ChunkedState::ExtensionValue { empty: false }
                | ChunkedState::AfterQuoted,
                b';',
            ) => ChunkedState::ExtensionName { empty: true },
            (
                ChunkedState::ExtensionName { empty: false }
                | ChunkedState::ExtensionValue { empty: false }
                | ChunkedState::AfterQuoted,
                b'\r',
            ) => ChunkedState::SizeLf,
            (ChunkedState::Quoted, b'"') => ChunkedState::AfterQuoted,
            (ChunkedState::Quoted, b'\\') => ChunkedState::Escaped,
            (ChunkedState::Quoted | ChunkedState::Escaped, _) if octets::is_value(byte) => {
                ChunkedState::Quoted
            }
            _ => return Err(Violation::ChunkExtension),
        })
    }

    fn trailer(&mut self, byte: u8) -> Result<ChunkedState, Violation> {
        // Every byte of the section counts, line ends as well, so that empty names cost the sender too.
        self.trailer_bytes += 1;
        if self.trailer_bytes > limits::TRAILER_BYTES {
            return Err(Violation::TrailersTooLarge);
        }
        match (self.state, byte) {
            (ChunkedState::TrailerStart, b'\r') => Ok(ChunkedState::EndLf),
            // A trailer that began with white space would be folded into the line before by some readers.
            (ChunkedState::TrailerStart, _) if octets::is_token(byte) => {
                self.trailer_fields += 1;
                if self.trailer_fields > limits::TRAILER_FIELDS {
                    return Err(Violation::TrailersTooLarge);
                }
                Ok(ChunkedState::TrailerName)
            }
            (ChunkedState::TrailerName, b':') => Ok(ChunkedState::TrailerValue),
            (ChunkedState::TrailerName, _) if octets::is_token(byte) => {
                Ok(ChunkedState::TrailerName)
            }
            (ChunkedState::TrailerValue, b'\r') => Ok(ChunkedState::TrailerLf),
            (ChunkedState::TrailerValue, _) if octets::is_value(byte) => {
                Ok(ChunkedState::TrailerValue)
            }
            (ChunkedState::TrailerLf, b'\n') => Ok(ChunkedState::TrailerStart),
            (ChunkedState::EndLf, b'\n') => Ok(ChunkedState::End),
            // White space before the colon as well, as in a head.
            _ => Err(Violation::Trailer),
        }
    }
}
