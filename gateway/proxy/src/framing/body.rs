//! How long a body is, and what of the bytes at hand belongs to it.

use super::Violation;
use super::chunked::Chunked;

#[derive(Clone, Copy, Debug)]
pub(super) enum Body {
    None,
    Length(u64),
    Chunked(Chunked),
    /// An answer that ends with its connection.
    UntilClose,
}

impl Body {
    /// Follows `bytes`; returns how many belong to the body, and what is wrong with the next one.
    pub(super) fn advance(&mut self, bytes: &[u8]) -> (usize, Result<(), Violation>) {
        match self {
            Self::None => (0, Ok(())),
            Self::Length(left) => {
                let here = usize::try_from(*left)
                    .unwrap_or(usize::MAX)
                    .min(bytes.len());
                *left -= here as u64;
                if *left == 0 {
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
            Self::UntilClose => (bytes.len(), Ok(())),
        }
    }

    /// What the bytes at hand begin with: so many that only frame, or so many of content; 0 of either is
    /// the body's end. To be asked only while there are bytes.
    pub(super) fn run(&mut self, bytes: &[u8]) -> Result<Run, Violation> {
        match self {
            Self::None | Self::Length(_) | Self::UntilClose => {
                let (here, result) = self.advance(bytes);
                result.map(|()| Run::Content(here))
            }
            Self::Chunked(chunked) => {
                let content = chunked.content(bytes.len());
                if content > 0 {
                    return Ok(Run::Content(content));
                }
                let (here, result) = chunked.framing(bytes);
                if chunked.is_done() {
                    *self = Self::None;
                }
                result.map(|()| Run::Framing(here))
            }
        }
    }

    /// How much of the content is still to come, if the head said so.
    pub(super) const fn left(&self) -> Option<u64> {
        match self {
            Self::None => Some(0),
            Self::Length(left) => Some(*left),
            Self::Chunked(_) | Self::UntilClose => None,
        }
    }

    pub(super) fn is_none(&self) -> bool {
        matches!(self, Self::None)
    }

    pub(super) fn of_length(length: Option<u64>) -> Self {
        match length {
            None | Some(0) => Self::None,
            Some(length) => Self::Length(length),
        }
    }
}

/// Bytes of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Run {
    Framing(usize),
    Content(usize),
}
