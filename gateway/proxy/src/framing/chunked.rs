//! The chunked coding, checked byte by byte as it passes; chunk data is skipped in one step.

use super::{Violation, bytes, limits};

/// Where in a chunked body the next byte stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
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
pub(super) struct Chunked {
    at: At,
    /// Digits of the size read so far.
    digits: u8,
    trailer_fields: u8,
    line_extension: u16,
    trailer_bytes: u16,
    body_extension: u32,
    /// The size being read, then what is left of the chunk.
    left: u64,
}

impl Chunked {
    pub(super) const fn new() -> Self {
        Self {
            at: At::Size,
            digits: 0,
            trailer_fields: 0,
            line_extension: 0,
            trailer_bytes: 0,
            body_extension: 0,
            left: 0,
        }
    }

    pub(super) fn is_done(&self) -> bool {
        self.at == At::End
    }

    /// Follows `bytes`; returns how many belong to the body and are fine, and what is wrong with
    /// the next one.
    pub(super) fn advance(&mut self, bytes: &[u8]) -> (usize, Result<(), Violation>) {
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

    /// How many of the next bytes, of which so many are here, are content; 0 where framing comes first.
    pub(super) fn content(&mut self, here: usize) -> usize {
        if self.at != At::Data {
            return 0;
        }
        let here = usize::try_from(self.left).unwrap_or(usize::MAX).min(here);
        self.left -= here as u64;
        if self.left == 0 {
            self.at = At::DataCr;
        }
        here
    }

    /// Follows framing up to the next content, or to the end of the body.
    pub(super) fn framing(&mut self, bytes: &[u8]) -> (usize, Result<(), Violation>) {
        for (at, &byte) in bytes.iter().enumerate() {
            if matches!(self.at, At::Data | At::End) {
                return (at, Ok(()));
            }
            match self.next(byte) {
                Ok(next) => self.at = next,
                Err(violation) => return (at, Err(violation)),
            }
        }
        (bytes.len(), Ok(()))
    }

    fn next(&mut self, byte: u8) -> Result<At, Violation> {
        match self.at {
            At::Size => self.size(byte),
            At::ExtensionName { .. }
            | At::ExtensionValue { .. }
            | At::Quoted
            | At::Escaped
            | At::AfterQuoted => self.extension(byte),
            At::SizeLf if byte == b'\n' => Ok(self.after_size()),
            At::SizeLf => Err(Violation::BareCarriageReturn),
            At::DataCr if byte == b'\r' => Ok(At::DataLf),
            At::DataLf if byte == b'\n' => Ok(At::Size),
            At::Data | At::DataCr | At::DataLf | At::End => Err(Violation::ChunkEnd),
            At::TrailerStart | At::TrailerName | At::TrailerValue | At::TrailerLf | At::EndLf => {
                self.trailer(byte)
            }
        }
    }

    fn size(&mut self, byte: u8) -> Result<At, Violation> {
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'f' => byte - b'a' + 10,
            b'A'..=b'F' => byte - b'A' + 10,
            b'\r' if self.digits > 0 => return Ok(At::SizeLf),
            b';' if self.digits > 0 => return Ok(At::ExtensionName { empty: true }),
            _ => return Err(Violation::ChunkSize),
        };
        self.digits += 1;
        self.left = self.left << 4 | u64::from(digit);
        // Sixteen digits fill 64 bits; half of that is more than any reader's signed counter.
        if self.digits > 16 || i64::try_from(self.left).is_err() {
            return Err(Violation::ChunkSize);
        }
        Ok(At::Size)
    }

    fn after_size(&mut self) -> At {
        self.digits = 0;
        self.line_extension = 0;
        if self.left == 0 {
            At::TrailerStart
        } else {
            At::Data
        }
    }

    /// `;name`, `;name=token` or `;name="quoted"`, without white space between the parts.
    fn extension(&mut self, byte: u8) -> Result<At, Violation> {
        self.line_extension += 1;
        self.body_extension += 1;
        if self.line_extension > limits::CHUNK_EXTENSION_BYTES
            || self.body_extension > limits::BODY_EXTENSION_BYTES
        {
            return Err(Violation::ChunkExtension);
        }
        Ok(match (self.at, byte) {
            (At::ExtensionName { .. }, _) if bytes::is_token(byte) => {
                At::ExtensionName { empty: false }
            }
            (At::ExtensionName { empty: false }, b'=') => At::ExtensionValue { empty: true },
            (At::ExtensionValue { empty: true }, b'"') => At::Quoted,
            (At::ExtensionValue { .. }, _) if bytes::is_token(byte) => {
                At::ExtensionValue { empty: false }
            }
            (
                At::ExtensionName { empty: false }
                | At::ExtensionValue { empty: false }
                | At::AfterQuoted,
                b';',
            ) => At::ExtensionName { empty: true },
            (
                At::ExtensionName { empty: false }
                | At::ExtensionValue { empty: false }
                | At::AfterQuoted,
                b'\r',
            ) => At::SizeLf,
            (At::Quoted, b'"') => At::AfterQuoted,
            (At::Quoted, b'\\') => At::Escaped,
            (At::Quoted | At::Escaped, _) if bytes::is_value(byte) => At::Quoted,
            _ => return Err(Violation::ChunkExtension),
        })
    }

    fn trailer(&mut self, byte: u8) -> Result<At, Violation> {
        self.trailer_bytes += 1;
        if self.trailer_bytes > limits::TRAILER_BYTES {
            return Err(Violation::TrailersTooLarge);
        }
        match (self.at, byte) {
            (At::TrailerStart, b'\r') => Ok(At::EndLf),
            (At::TrailerStart, _) if bytes::is_token(byte) => {
                self.trailer_fields += 1;
                if self.trailer_fields > limits::TRAILER_FIELDS {
                    return Err(Violation::TrailersTooLarge);
                }
                Ok(At::TrailerName)
            }
            (At::TrailerName, b':') => Ok(At::TrailerValue),
            (At::TrailerName, _) if bytes::is_token(byte) => Ok(At::TrailerName),
            (At::TrailerValue, b'\r') => Ok(At::TrailerLf),
            (At::TrailerValue, _) if bytes::is_value(byte) => Ok(At::TrailerValue),
            (At::TrailerLf, b'\n') => Ok(At::TrailerStart),
            (At::EndLf, b'\n') => Ok(At::End),
            _ => Err(Violation::Trailer),
        }
    }
}
