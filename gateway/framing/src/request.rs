//! The requests of one connection: where each head ends, how long each body is, where the next one starts.

use crate::body::BodyFraming;
use crate::chunked::ChunkedFraming;
use crate::field::MessageKind;
use crate::head::HeadParser;
use crate::limits::Bounds;
use crate::position::Position;
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
