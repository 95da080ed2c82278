//! A stream of messages: where each head ends, how long each body is, where the next one starts.

use super::chunked::Chunked;
use super::field::Sender;
use super::head::Head;
use super::{Violation, limits, limits::Bounds};

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

#[derive(Clone, Copy, Debug)]
enum Body {
    None,
    Length(u64),
    Chunked(Chunked),
    /// An answer that ends with its connection.
    UntilClose,
}

impl Body {
    /// Follows `bytes`; returns how many belong to the body, and what is wrong with the next one.
    fn advance(&mut self, bytes: &[u8]) -> (usize, Result<(), Violation>) {
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

    fn is_none(&self) -> bool {
        matches!(self, Self::None)
    }

    fn of_length(length: Option<u64>) -> Self {
        match length {
            None | Some(0) => Self::None,
            Some(length) => Self::Length(length),
        }
    }
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
            match self.head.advance(rest) {
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

    /// A request is about to be written. `to_head` is true for `HEAD`, whose answer has no body.
    pub fn begin(&mut self, to_head: bool) {
        self.awaiting = Awaiting::Answer { to_head };
        self.informational = 0;
    }

    /// The same with other bounds; to be called in front of the first message.
    #[must_use]
    pub fn bounded(mut self, bounds: Bounds) -> Self {
        self.bounds = bounds;
        self.head = Head::new(Sender::Upstream, bounds);
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
            match self.answer(rest) {
                Ok(0) => break,
                Ok(length) => approved += length,
                Err(violation) => self.violation = Some(violation),
            }
        }
        Advance {
            approved,
            violation: self.violation,
        }
    }

    /// Whether the answer is complete, so that the connection may be asked again.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.awaiting == Awaiting::Nothing && self.body.is_none() && self.violation.is_none()
    }

    /// Reads one head; returns its length, 0 while it is incomplete.
    fn answer(&mut self, bytes: &[u8]) -> Result<usize, Violation> {
        let Awaiting::Answer { to_head } = self.awaiting else {
            return Err(Violation::Unsolicited);
        };
        let Some(complete) = self.head.advance(bytes)? else {
            return Ok(0);
        };
        self.head = Head::new(Sender::Upstream, self.bounds);
        let framed = complete.fields.chunked || complete.fields.length.is_some_and(|n| n > 0);
        match complete.start.status {
            101 => return Err(Violation::SwitchingProtocols),
            100..200 if framed => return Err(Violation::LengthWithoutBody),
            100..200 => {
                self.informational += 1;
                if self.informational > limits::INFORMATIONAL {
                    return Err(Violation::InformationalFlood);
                }
                return Ok(complete.length);
            }
            204 if framed => return Err(Violation::LengthWithoutBody),
            204 | 304 => {}
            _ if to_head => {}
            _ if complete.fields.chunked => self.body = Body::Chunked(Chunked::new()),
            _ if complete.fields.length.is_some() => {
                self.body = Body::of_length(complete.fields.length);
            }
            _ => self.body = Body::UntilClose,
        }
        self.awaiting = Awaiting::Nothing;
        Ok(complete.length)
    }
}
