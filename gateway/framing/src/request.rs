//! The requests of one connection: where each head ends, how long each body is, where the next one starts.

use std::ops::Range;

use crate::body::{BodyFraming, BodyPart};
use crate::chunked::ChunkedFraming;
use crate::field::MessageKind;
use crate::head::{CompleteHead, FieldSpans, HeadParser};
use crate::limits::Bounds;
use crate::position::Position;
use crate::start_line;
use crate::violation::Violation;

/// The verdict on more bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Advance {
    /// How many bytes, from the start, are complete heads or body and may be acted on. The remainder is an
    /// incomplete head: show it again with more bytes behind it. At [`Position::Ended`] it is to be dropped.
    pub approved: usize,
    /// What is wrong with the next byte behind the approved ones. No byte behind it is ever looked at.
    pub violation: Option<Violation>,
}

/// What the available bytes begin with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestPart {
    /// The head of a request.
    Head(RequestHead),
    /// This many bytes of content.
    Content(usize),
    /// This many bytes to skip: a chunk size, trailers.
    Skip(usize),
    /// Nothing complete: show the same bytes again with more behind them.
    More,
    /// Nothing ever: the last request of the connection is complete.
    End,
}

/// The head of a request without its fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestHead {
    /// Its length with the empty line.
    pub length: usize,
    /// HTTP/1.1 rather than HTTP/1.0.
    pub http_11: bool,
    /// How much content follows; `None` if it comes in chunks.
    pub content: Option<u64>,
    /// The client waits for `100 Continue` before it sends content.
    pub expects_continue: bool,
    /// The connection ends with this request.
    pub is_last: bool,
    start: usize,
    method: usize,
    target: usize,
}

impl RequestHead {
    /// Where the method stands in the head.
    #[must_use]
    pub const fn method(&self) -> Range<usize> {
        self.start..self.method
    }

    /// Where the target stands in the head.
    #[must_use]
    pub const fn target(&self) -> Range<usize> {
        // One space separates the two, which is what the check of the request line demands.
        self.method + 1..self.target
    }
}

impl From<CompleteHead> for RequestHead {
    fn from(head: CompleteHead) -> Self {
        let (start, end) = head.start_line;
        Self {
            length: head.length,
            http_11: head.start.http_11,
            content: if head.fields.chunked {
                None
            } else {
                Some(head.fields.length.unwrap_or(0))
            },
            expects_continue: head.fields.expect && head.start.http_11,
            is_last: head.ends_connection(),
            start,
            method: start + head.start.method,
            target: end - start_line::VERSION_BYTES,
        }
    }
}

/// Follows the requests of one downstream connection.
#[derive(Debug)]
pub struct RequestFraming {
    head: HeadParser,
    bounds: Bounds,
    body: BodyFraming,
    heads: u64,
    violation: Option<Violation>,
    /// The connection ends with the request whose head was approved last.
    last: bool,
    /// A head has begun and is not complete.
    in_head: bool,
}

impl Default for RequestFraming {
    fn default() -> Self {
        Self::new()
    }
}

impl RequestFraming {
    /// Starts before the first request.
    #[must_use]
    pub fn new() -> Self {
        Self {
            head: HeadParser::new(MessageKind::Request, Bounds::default()),
            bounds: Bounds::default(),
            body: BodyFraming::None,
            heads: 0,
            violation: None,
            last: false,
            in_head: false,
        }
    }

    /// Replaces the default bounds. Call it before the first byte.
    #[must_use]
    pub fn bounded(mut self, bounds: Bounds) -> Self {
        self.bounds = bounds;
        self.head = HeadParser::new(MessageKind::Request, bounds);
        self
    }

    /// Checks `bytes`: those that were not approved last time, with the new ones behind them.
    pub fn advance(&mut self, bytes: &[u8]) -> Advance {
        let mut approved = 0;
        // RFC 9112 section 9.6: a server must not process what follows a request with `close`. hyper does not
        // read it, so approving it would mean a request that nothing ever answers.
        while self.violation.is_none() && !self.is_ended() && approved < bytes.len() {
            let remainder = &bytes[approved..];
            if !self.body.is_none() {
                let (here, result) = self.body.advance(remainder);
                approved += here;
                self.violation = result.err();
                continue;
            }
            match self.head.advance(remainder, |_| ()) {
                Ok(Some(complete)) => {
                    approved += complete.length;
                    self.begin(&complete);
                }
                Ok(None) => {
                    self.in_head = true;
                    break;
                }
                Err(violation) => self.violation = Some(violation),
            }
        }
        Advance {
            approved,
            violation: self.violation,
        }
    }

    /// Checks `bytes`, which begin behind the last part, for a reader that takes one part at a time, and notes
    /// in `spans` where the fields of a head stand. The other way to use this type is
    /// [`RequestFraming::advance`]; a connection uses one of them.
    ///
    /// # Errors
    /// What is wrong with the next byte. No byte behind it is ever looked at.
    pub fn next(&mut self, bytes: &[u8], spans: &mut FieldSpans) -> Result<RequestPart, Violation> {
        // For ever: behind a violation nobody knows where the next request begins.
        if let Some(violation) = self.violation {
            return Err(violation);
        }
        let part = self.part(bytes, spans);
        self.violation = part.err();
        part
    }

    fn part(&mut self, bytes: &[u8], spans: &mut FieldSpans) -> Result<RequestPart, Violation> {
        match (self.is_ended(), bytes.is_empty(), self.body.is_none()) {
            // RFC 9112 section 9.6, as in `advance`.
            (true, _, _) => Ok(RequestPart::End),
            (false, true, _) => Ok(RequestPart::More),
            (false, false, true) => {
                self.in_head = true;
                let Some(complete) = self.head.advance(bytes, |span| spans.push(span))? else {
                    return Ok(RequestPart::More);
                };
                self.begin(&complete);
                Ok(RequestPart::Head(complete.into()))
            }
            (false, false, false) => Ok(match self.body.next_part(bytes)? {
                BodyPart::Framing(count) => RequestPart::Skip(count),
                BodyPart::Content(count) => RequestPart::Content(count),
            }),
        }
    }

    /// A head is complete: its body follows.
    fn begin(&mut self, complete: &CompleteHead) {
        self.heads += 1;
        self.in_head = false;
        self.last = complete.ends_connection();
        self.body = if complete.fields.chunked {
            BodyFraming::Chunked(ChunkedFraming::new())
        } else {
            BodyFraming::of_length(complete.fields.length)
        };
        // A new one for each head: nothing of a message may colour the next.
        self.head = HeadParser::new(MessageKind::Request, self.bounds);
    }

    /// How much content is still to come, if the head announced it.
    #[must_use]
    pub fn remaining(&self) -> Option<u64> {
        self.body.remaining()
    }

    /// What the next byte belongs to; after a violation, what the offending byte belonged to.
    #[must_use]
    pub fn position(&self) -> Position {
        // First: behind the last request even a violation is of no interest.
        if self.is_ended() {
            return Position::Ended;
        }
        match (
            self.body.is_none(),
            self.in_head || self.violation.is_some(),
        ) {
            (false, _) => Position::Body,
            (true, true) => Position::Head,
            (true, false) => Position::Between,
        }
    }

    /// Whether the last request of the connection is complete.
    fn is_ended(&self) -> bool {
        self.last && self.body.is_none()
    }

    /// How many request heads were approved so far.
    #[must_use]
    pub fn heads(&self) -> u64 {
        self.heads
    }
}
