//! The responses of one upstream connection: where each head ends, which bytes of a body are content.

use crate::body::{BodyFraming, BodyPart};
use crate::chunked::ChunkedFraming;
use crate::field::MessageKind;
use crate::head::{FieldSpans, HeadParser};
use crate::limits::{self, Bounds};
use crate::violation::Violation;

/// What the available bytes begin with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResponsePart {
    /// This many bytes to skip: an interim response, a chunk size, trailers.
    Skip(usize),
    /// The head of the final response.
    Head(ResponseHead),
    /// This many bytes of content.
    Content(usize),
    /// Nothing complete: show the same bytes again with more behind them.
    More,
    /// The response is complete.
    End,
}

/// The head of a response without its fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResponseHead {
    /// Its length with the empty line.
    pub length: usize,
    /// 200 to 599.
    pub status: u16,
    /// HTTP/1.1 rather than HTTP/1.0.
    pub http_11: bool,
}

/// The request that the next response belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Awaiting {
    /// No request is outstanding, so no byte may come.
    Nothing,
    Response {
        to_head: bool,
    },
}

/// Follows the responses of one upstream connection, one request at a time.
#[derive(Debug)]
pub struct ResponseFraming {
    head: HeadParser,
    bounds: Bounds,
    body: BodyFraming,
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
    /// Starts with no request outstanding.
    #[must_use]
    pub fn new() -> Self {
        Self {
            head: HeadParser::new(MessageKind::Response, Bounds::default()),
            bounds: Bounds::default(),
            body: BodyFraming::None,
            awaiting: Awaiting::Nothing,
            informational: 0,
            violation: None,
        }
    }

    /// Replaces the default bounds. Call it before the first byte.
    #[must_use]
    pub fn bounded(mut self, bounds: Bounds) -> Self {
        self.bounds = bounds;
        self.head = HeadParser::new(MessageKind::Response, bounds);
        self
    }

    /// Says that a request is about to be sent. `to_head` is true for `HEAD`, whose response has no body.
    pub fn begin(&mut self, to_head: bool) {
        self.awaiting = Awaiting::Response { to_head };
        self.informational = 0;
    }

    /// Checks `bytes`, which begin behind the last part, and notes in `spans` where the fields of a head stand.
    ///
    /// # Errors
    /// What is wrong with the next byte. No byte behind it is ever looked at.
    pub fn next(
        &mut self,
        bytes: &[u8],
        spans: &mut FieldSpans,
    ) -> Result<ResponsePart, Violation> {
        // For ever: behind a violation nobody knows where the next response begins.
        if let Some(violation) = self.violation {
            return Err(violation);
        }
        let part = self.part(bytes, spans);
        self.violation = part.err();
        part
    }

    fn part(&mut self, bytes: &[u8], spans: &mut FieldSpans) -> Result<ResponsePart, Violation> {
        match (self.awaiting, self.body.is_none(), bytes.is_empty()) {
            (Awaiting::Nothing, true, true) => Ok(ResponsePart::End),
            // Bytes that nobody requested would be read as the response to the next request.
            (Awaiting::Nothing, true, false) => Err(Violation::Unsolicited),
            (_, _, true) => Ok(ResponsePart::More),
            (Awaiting::Response { to_head }, true, false) => self.read_head(bytes, to_head, spans),
            (_, false, false) => Ok(match self.body.next_part(bytes)? {
                BodyPart::Framing(count) => ResponsePart::Skip(count),
                BodyPart::Content(count) => ResponsePart::Content(count),
            }),
        }
    }

    /// Whether the response is complete, so that the connection can take another request.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.awaiting == Awaiting::Nothing && self.body.is_none() && self.violation.is_none()
    }

    /// Whether the response ends when the connection does.
    #[must_use]
    pub fn ends_with_connection(&self) -> bool {
        matches!(self.body, BodyFraming::UntilClose) && self.violation.is_none()
    }

    /// How many bytes of content are still to come, if the head announced it.
    #[must_use]
    pub fn remaining(&self) -> Option<u64> {
        self.body.remaining()
    }

    /// Reads one head and decides how its body is delimited (RFC 9112 section 6.3).
    fn read_head(
        &mut self,
        bytes: &[u8],
        to_head: bool,
        spans: &mut FieldSpans,
    ) -> Result<ResponsePart, Violation> {
        let Some(complete) = self.head.advance(bytes, |span| spans.push(span))? else {
            return Ok(ResponsePart::More);
        };
        self.head = HeadParser::new(MessageKind::Response, self.bounds);
        let fields = complete.fields;
        let framed = fields.chunked || fields.length.is_some_and(|n| n > 0);
        match complete.start.status {
            // It was never asked for, and what follows it would not be HTTP.
            101 => return Err(Violation::SwitchingProtocols),
            // Two readers would disagree whether a body follows.
            100..200 if framed => return Err(Violation::LengthWithoutBody),
            100..200 => {
                self.informational += 1;
                // Each of them is legal, so only their number can be limited.
                if self.informational > limits::INFORMATIONAL {
                    return Err(Violation::InformationalFlood);
                }
                // Their fields belong to a response that nobody passes on.
                spans.clear();
                return Ok(ResponsePart::Skip(complete.length));
            }
            204 if framed => return Err(Violation::LengthWithoutBody),
            // Content-Length in a 304 is that of the response that was not sent.
            204 | 304 => {}
            _ if to_head => {}
            // Chunked before the length, as RFC 9112 section 6.3 orders them.
            _ if fields.chunked => self.body = BodyFraming::Chunked(ChunkedFraming::new()),
            _ if fields.length.is_some() => self.body = BodyFraming::of_length(fields.length),
            _ => self.body = BodyFraming::UntilClose,
        }
        // With the head: from here on only the body is missing, and a further response is unsolicited.
        self.awaiting = Awaiting::Nothing;
        Ok(ResponsePart::Head(ResponseHead {
            length: complete.length,
            status: complete.start.status,
            http_11: complete.start.http_11,
        }))
    }
}
