//! The answers of one upstream connection: where each head ends, what of its body is content.

use super::body::{Body, Run};
use super::chunked::Chunked;
use super::field::Sender;
use super::head::{FieldAt, Head};
use super::{Violation, limits, limits::Bounds};

/// What the bytes at hand begin with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// So many bytes that say nothing to whoever asked: an interim answer, the size of a chunk, trailers.
    Skip(usize),
    /// The head of the answer.
    Head(AnswerHead),
    /// So many bytes of the answer's content.
    Content(usize),
    /// Nothing that is whole: show the same bytes again with more behind them.
    More,
    /// The answer is complete.
    End,
}

/// What the head of an answer says, but for its fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AnswerHead {
    /// Its length with the empty line.
    pub length: usize,
    /// 200 to 599.
    pub status: u16,
    /// HTTP/1.1 rather than HTTP/1.0.
    pub modern: bool,
}

/// Where the fields of a head stand in it.
#[derive(Debug, Default)]
pub struct FieldPlaces(Vec<FieldAt>);

impl FieldPlaces {
    pub(crate) fn as_slice(&self) -> &[FieldAt] {
        &self.0
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}

/// What the next answer of an upstream replies to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Awaiting {
    /// No request is open: any byte is one too many.
    Nothing,
    Answer {
        to_head: bool,
    },
}

/// Follows the answers of one upstream connection, one request at a time.
#[derive(Debug)]
pub struct ResponseFraming {
    head: Head,
    bounds: Bounds,
    body: Body,
    awaiting: Awaiting,
    informational: u8,
    violation: Option<Violation>,
}

impl Default for ResponseFraming {
    fn default() -> Self {
        Self::new()
    }
}

impl ResponseFraming {
    /// Starts with no request open.
    #[must_use]
    pub fn new() -> Self {
        Self {
            head: Head::new(Sender::Upstream, Bounds::default()),
            bounds: Bounds::default(),
            body: Body::None,
            awaiting: Awaiting::Nothing,
            informational: 0,
            violation: None,
        }
    }

    /// The same with other bounds; to be called in front of the first message.
    #[must_use]
    pub fn bounded(mut self, bounds: Bounds) -> Self {
        self.bounds = bounds;
        self.head = Head::new(Sender::Upstream, bounds);
        self
    }

    /// A request is about to be written. `to_head` is true for `HEAD`, whose answer has no body.
    pub fn begin(&mut self, to_head: bool) {
        self.awaiting = Awaiting::Answer { to_head };
        self.informational = 0;
    }

    /// Looks at `bytes`, which begin behind the last part, and notes where the fields of a head stand.
    ///
    /// # Errors
    /// What is wrong with the next byte. Nothing behind it is ever looked at.
    pub fn next(&mut self, bytes: &[u8], places: &mut FieldPlaces) -> Result<Part, Violation> {
        if let Some(violation) = self.violation {
            return Err(violation);
        }
        let part = self.part(bytes, places);
        self.violation = part.err();
        part
    }

    fn part(&mut self, bytes: &[u8], places: &mut FieldPlaces) -> Result<Part, Violation> {
        match (self.awaiting, self.body.is_none(), bytes.is_empty()) {
            (Awaiting::Nothing, true, true) => Ok(Part::End),
            (Awaiting::Nothing, true, false) => Err(Violation::Unsolicited),
            (_, _, true) => Ok(Part::More),
            (Awaiting::Answer { to_head }, true, false) => self.answer(bytes, to_head, places),
            (_, false, false) => Ok(match self.body.run(bytes)? {
                Run::Framing(count) => Part::Skip(count),
                Run::Content(count) => Part::Content(count),
            }),
        }
    }

    /// Whether the answer is complete, so that the connection may be asked again.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.awaiting == Awaiting::Nothing && self.body.is_none() && self.violation.is_none()
    }

    /// Whether the end of the connection is the end of the answer.
    #[must_use]
    pub fn ends_with_connection(&self) -> bool {
        matches!(self.body, Body::UntilClose) && self.violation.is_none()
    }

    /// How much of the content is still to come, if its head said so.
    #[must_use]
    pub fn left(&self) -> Option<u64> {
        self.body.left()
    }

    /// Reads one head.
    fn answer(
        &mut self,
        bytes: &[u8],
        to_head: bool,
        FieldPlaces(places): &mut FieldPlaces,
    ) -> Result<Part, Violation> {
        let Some(complete) = self.head.advance(bytes, |at| places.push(at))? else {
            return Ok(Part::More);
        };
        self.head = Head::new(Sender::Upstream, self.bounds);
        let fields = complete.fields;
        let framed = fields.chunked || fields.length.is_some_and(|n| n > 0);
        match complete.start.status {
            101 => return Err(Violation::SwitchingProtocols),
            100..200 if framed => return Err(Violation::LengthWithoutBody),
            100..200 => {
                self.informational += 1;
                if self.informational > limits::INFORMATIONAL {
                    return Err(Violation::InformationalFlood);
                }
                places.clear();
                return Ok(Part::Skip(complete.length));
            }
            204 if framed => return Err(Violation::LengthWithoutBody),
            204 | 304 => {}
            _ if to_head => {}
            _ if fields.chunked => self.body = Body::Chunked(Chunked::new()),
            _ if fields.length.is_some() => self.body = Body::of_length(fields.length),
            _ => self.body = Body::UntilClose,
        }
        self.awaiting = Awaiting::Nothing;
        Ok(Part::Head(AnswerHead {
            length: complete.length,
            status: complete.start.status,
            modern: complete.start.modern,
        }))
    }
}
