//! A stream of requests: where each head ends, how long each body is, where the next one starts.

use super::body::Body;
use super::chunked::Chunked;
use super::field::Sender;
use super::head::Head;
use super::{Violation, limits::Bounds};

/// What came of looking at more bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Advance {
    /// So many bytes, from the start, are whole heads or body and may be acted on. The rest is an
    /// incomplete head: show it again with more behind it.
    pub approved: usize,
    /// What is wrong right behind the approved bytes. Nothing after it is ever looked at.
    pub violation: Option<Violation>,
}

/// What the next byte would belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Position {
    /// Nothing: the last message is complete and the next has not begun.
    Between,
    /// A head.
    Head,
    /// A body.
    Body,
}

/// Follows the requests of one downstream connection.
#[derive(Debug)]
pub struct RequestFraming {
    head: Head,
    bounds: Bounds,
    body: Body,
    heads: u64,
    violation: Option<Violation>,
    waiting: bool,
}

impl Default for RequestFraming {
    fn default() -> Self {
        Self::new()
    }
}

impl RequestFraming {
    /// Starts in front of the first request.
    #[must_use]
    pub fn new() -> Self {
        Self {
            head: Head::new(Sender::Downstream, Bounds::default()),
            bounds: Bounds::default(),
            body: Body::None,
            heads: 0,
            violation: None,
            waiting: false,
        }
    }

    /// The same with other bounds; to be called in front of the first message.
    #[must_use]
    pub fn bounded(mut self, bounds: Bounds) -> Self {
        self.bounds = bounds;
        self.head = Head::new(Sender::Downstream, bounds);
        self
    }

    /// Looks at `bytes`: what was not approved last time, and what has come since.
    pub fn advance(&mut self, bytes: &[u8]) -> Advance {
        let mut approved = 0;
        while self.violation.is_none() && approved < bytes.len() {
            let rest = &bytes[approved..];
            if !self.body.is_none() {
                let (here, result) = self.body.advance(rest);
                approved += here;
                self.violation = result.err();
                continue;
            }
            match self.head.advance(rest, |_| ()) {
                Ok(Some(complete)) => {
                    approved += complete.length;
                    self.heads += 1;
                    self.waiting = false;
                    self.body = if complete.fields.chunked {
                        Body::Chunked(Chunked::new())
                    } else {
                        Body::of_length(complete.fields.length)
                    };
                    self.head = Head::new(Sender::Downstream, self.bounds);
                }
                Ok(None) => {
                    self.waiting = true;
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

    /// What the next byte belongs to; after a violation, what the offending one belonged to.
    #[must_use]
    pub fn position(&self) -> Position {
        match (
            self.body.is_none(),
            self.waiting || self.violation.is_some(),
        ) {
            (false, _) => Position::Body,
            (true, true) => Position::Head,
            (true, false) => Position::Between,
        }
    }

    /// How many request heads were approved so far.
    #[must_use]
    pub fn heads(&self) -> u64 {
        self.heads
    }
}
