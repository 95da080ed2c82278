//! How a message body is delimited (RFC 9112 section 6.3), and which of the bytes belong to it.

use crate::chunked::ChunkedFraming;
use crate::violation::Violation;

#[derive(Clone, Copy, Debug)]
pub(crate) enum BodyFraming {
    None,
    /// `Content-Length`: this many bytes are still to come.
    Length(u64),
    Chunked(ChunkedFraming),
    /// A response that ends with its connection.
    UntilClose,
}

/// The kind and number of the next bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyPart {
    /// Chunk sizes, line ends, trailers.
    Framing(usize),
    Content(usize),
}

impl BodyFraming {
    /// Follows `bytes`. Returns how many of them belong to the body, and what is wrong with the next.
    pub(crate) fn advance(&mut self, bytes: &[u8]) -> (usize, Result<(), Violation>) {
        match self {
            Self::None => (0, Ok(())),
            Self::Length(remaining) => {
                // A length that the address space cannot hold is still counted down piece by piece.
                let here = usize::try_from(*remaining)
                    .unwrap_or(usize::MAX)
                    .min(bytes.len());
                *remaining -= here as u64;
                if *remaining == 0 {
                    *self = Self::None;
                }
                (here, Ok(()))
            }
            Self::Chunked(chunked) => {
                let (here, result) = chunked.advance(bytes);
                if chunked.is_done() {
                    *self = Self::None;
                }
                (here, result)
            }
            // Every byte is content: only the end of the connection says where it stops.
            Self::UntilClose => (bytes.len(), Ok(())),
        }
    }

    /// What `bytes`, which must not be empty, begin with.
    pub(crate) fn next_part(&mut self, bytes: &[u8]) -> Result<BodyPart, Violation> {
        match self {
            Self::None | Self::Length(_) | Self::UntilClose => {
                let (here, result) = self.advance(bytes);
                result.map(|()| BodyPart::Content(here))
            }
            Self::Chunked(chunked) => {
                let content = chunked.content(bytes.len());
                if content > 0 {
                    return Ok(BodyPart::Content(content));
                }
                let (here, result) = chunked.framing(bytes);
                if chunked.is_done() {
                    *self = Self::None;
                }
                result.map(|()| BodyPart::Framing(here))
            }
        }
    }

    /// How many bytes of content are still to come, if the head announced it.
    pub(crate) const fn remaining(&self) -> Option<u64> {
        match self {
            Self::None => Some(0),
            Self::Length(remaining) => Some(*remaining),
            Self::Chunked(_) | Self::UntilClose => None,
        }
    }

    pub(crate) fn is_none(&self) -> bool {
        matches!(self, Self::None)
    }

    pub(crate) fn of_length(length: Option<u64>) -> Self {
        match length {
            // A length of zero is no body: a parser that waited for it would wait for ever.
            None | Some(0) => Self::None,
            Some(length) => Self::Length(length),
        }
    }
}
