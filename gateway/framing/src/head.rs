//! One message head: a start line, field lines, an empty line (RFC 9112 section 2.1).

use crate::field::{FramingFields, MessageKind};
use crate::limits::{self, Bounds};
use crate::line::{self, Line};
use crate::start_line::{self, StartLine};
use crate::violation::Violation;

/// Parses one head from bytes that are shown again, with more behind them, until it is complete.
///
/// Each byte is searched once and each line is checked once, so that a head that arrives one byte at a time
/// costs no more than one that arrives at once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HeadParser {
    kind: MessageKind,
    bounds: Bounds,
    /// Where the current line starts.
    line: usize,
    /// There is no line end before this offset.
    scanned: usize,
    empty_lines: u8,
    start: Option<StartLine>,
    /// Where the start line begins and ends.
    start_line: (usize, usize),
    fields: FramingFields,
}

/// Where one field line stands in its head, as offsets.
#[derive(Clone, Copy, Debug)]
pub struct FieldSpan {
    /// The first byte of the name.
    pub start: usize,
    /// The colon behind the name.
    pub colon: usize,
    /// The end of the value.
    pub end: usize,
}

/// Where the field lines of a head stand.
#[derive(Debug, Default)]
pub struct FieldSpans(Vec<FieldSpan>);

impl FieldSpans {
    /// The field lines in the order of the head.
    #[inline]
    #[must_use]
    pub fn as_slice(&self) -> &[FieldSpan] {
        &self.0
    }

    /// Forgets the fields, to be done before the next head is read.
    #[inline]
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Frees the memory, too: for a connection that waits.
    pub(crate) fn release(&mut self) {
        self.0 = Vec::new();
    }

    pub(crate) fn push(&mut self, span: FieldSpan) {
        self.0.push(span);
    }
}

/// A complete and valid head.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CompleteHead {
    /// Its length with the empty line.
    pub(crate) length: usize,
    pub(crate) start: StartLine,
    /// Where the start line begins and ends.
    pub(crate) start_line: (usize, usize),
    pub(crate) fields: FramingFields,
}

impl CompleteHead {
    /// Whether the connection ends with this message (RFC 9112 section 9.3): `close` wins over `keep-alive`
    /// wherever they stand, and HTTP/1.0 ends it unless `keep-alive` is there.
    pub(crate) const fn ends_connection(&self) -> bool {
        self.fields.close || !(self.start.http_11 || self.fields.keep_alive)
    }
}

impl HeadParser {
    pub(crate) fn new(kind: MessageKind, bounds: Bounds) -> Self {
        Self {
            kind,
            bounds,
            line: 0,
            scanned: 0,
            empty_lines: 0,
            start: None,
            start_line: (0, 0),
            fields: FramingFields::default(),
        }
    }

    /// Continues with `bytes`, which start where the head starts, and reports each field line to `on_field`.
    /// `None` asks for more bytes.
    pub(crate) fn advance(
        &mut self,
        bytes: &[u8],
        mut on_field: impl FnMut(FieldSpan),
    ) -> Result<Option<CompleteHead>, Violation> {
        loop {
            let limit = self.limit();
            // Search no further than the limit: how much of a long head arrives in one read must not
            // change the verdict.
            let window = &bytes[..bytes.len().min(limit)];
            let end = match line::find(window, self.scanned)? {
                Line::Complete(end) => end,
                // At the limit without an end: more bytes cannot make it shorter.
                Line::Incomplete(_) if window.len() == limit => return Err(self.too_long()),
                Line::Incomplete(scanned) => {
                    self.scanned = scanned;
                    return Ok(None);
                }
            };
            let start_of_line = self.line;
            let line = &window[start_of_line..end];
            // Past both bytes of the line end, so that its LF is never searched again.
            self.line = end + 2;
            self.scanned = end + 2;
            match self.start {
                None if line.is_empty() => self.empty_line()?,
                None => {
                    self.start = Some(self.check_start(line)?);
                    self.start_line = (start_of_line, end);
                }
                Some(start) if line.is_empty() => {
                    return self.finish(start).map(Some);
                }
                Some(_) => {
                    self.fields.check_line(line, self.kind)?;
                    on_field(FieldSpan {
                        start: start_of_line,
                        colon: start_of_line + self.fields.name,
                        end,
                    });
                }
            }
        }
    }

    /// The offset before which the current line has to end.
    fn limit(&self) -> usize {
        match (self.start, self.kind) {
            (None, MessageKind::Request) => self.request_line().min(self.bounds.head),
            (None, MessageKind::Response) | (Some(_), _) => self.bounds.head,
        }
    }

    /// The offset before which a request line has to end.
    fn request_line(&self) -> usize {
        let line = start_line::OTHER_BYTES.saturating_add(self.bounds.target);
        // From where the line starts: empty lines before it do not shorten a target.
        line.saturating_add(self.line + 2)
    }

    fn too_long(&self) -> Violation {
        match (self.start, self.kind) {
            // Only if the line's own limit was reached first; otherwise the whole head is too large.
            (None, MessageKind::Request) if self.request_line() <= self.bounds.head => {
                Violation::TargetTooLong
            }
            (None | Some(_), _) => Violation::HeadTooLarge,
        }
    }

    fn empty_line(&mut self) -> Result<(), Violation> {
        self.empty_lines += 1;
        // None at all before a response: a carrier has no old clients' habits.
        if self.kind == MessageKind::Response || self.empty_lines > limits::EMPTY_LINES {
            return Err(Violation::EmptyLines);
        }
        Ok(())
    }

    fn check_start(&self, line: &[u8]) -> Result<StartLine, Violation> {
        match self.kind {
            MessageKind::Request => start_line::request(line, self.bounds.target),
            MessageKind::Response => start_line::response(line),
        }
    }

    /// Applies the rules that need the complete head.
    fn finish(&self, start: StartLine) -> Result<CompleteHead, Violation> {
        // RFC 9112 section 3.2 demands it of HTTP/1.1 only. Without it an HTTP/1.0 request has no
        // authority, and the route would be a guess.
        if self.kind == MessageKind::Request && !self.fields.host {
            return Err(Violation::MissingHost);
        }
        // RFC 9112 section 6.1: an HTTP/1.0 message with Transfer-Encoding has faulty framing.
        if self.fields.chunked && !start.http_11 {
            return Err(Violation::EncodingInOldVersion);
        }
        Ok(CompleteHead {
            length: self.line,
            start,
            start_line: self.start_line,
            fields: self.fields,
        })
    }
}
