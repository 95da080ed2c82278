//! One message head: a start line, field lines, an empty line.

use super::field::{Fields, Sender};
use super::line::{self, Line};
use super::start_line::{self, StartLine};
use super::{Violation, limits, limits::Bounds};

/// Reads one head out of bytes that are shown again, with more behind them, until it is whole.
///
/// Every byte is searched once and every line judged once, so a head that comes one byte at a time
/// costs no more than its length.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head {
    sender: Sender,
    bounds: Bounds,
    /// Where the line being read starts.
    line: usize,
    /// No line end before this offset.
    scanned: usize,
    empty_lines: u8,
    start: Option<StartLine>,
    fields: Fields,
}

/// Where in its head a field stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FieldAt {
    pub(crate) from: usize,
    pub(crate) colon: usize,
    pub(crate) end: usize,
}

/// A whole head that is fine.
#[derive(Clone, Copy, Debug)]
pub(super) struct Complete {
    /// Its length with the empty line.
    pub(super) length: usize,
    pub(super) start: StartLine,
    pub(super) fields: Fields,
}

impl Head {
    pub(super) fn new(sender: Sender, bounds: Bounds) -> Self {
        Self {
            sender,
            bounds,
            line: 0,
            scanned: 0,
            empty_lines: 0,
            start: None,
            fields: Fields::default(),
        }
    }

    /// Goes on with `bytes`, which start where the head starts, and tells where each field is. `None`
    /// asks for more of them.
    pub(super) fn advance(
        &mut self,
        bytes: &[u8],
        mut tell: impl FnMut(FieldAt),
    ) -> Result<Option<Complete>, Violation> {
        loop {
            let limit = self.limit();
            let window = &bytes[..bytes.len().min(limit)];
            let end = match line::find(window, self.scanned)? {
                Line::Whole(end) => end,
                Line::Open(_) if window.len() == limit => return Err(self.too_long()),
                Line::Open(scanned) => {
                    self.scanned = scanned;
                    return Ok(None);
                }
            };
            let from = self.line;
            let line = &window[from..end];
            self.line = end + 2;
            self.scanned = end + 2;
            match self.start {
                None if line.is_empty() => self.empty_line()?,
                None => self.start = Some(self.start_line(line)?),
                Some(start) if line.is_empty() => {
                    return self.finish(start).map(Some);
                }
                Some(_) => {
                    self.fields.line(line, self.sender)?;
                    let colon = from + self.fields.name;
                    tell(FieldAt { from, colon, end });
                }
            }
        }
    }

    /// How many bytes of the head may be there before the line being read has to end.
    fn limit(&self) -> usize {
        match (self.start, self.sender) {
            (None, Sender::Downstream) => self.request_line().min(self.bounds.head),
            (None, Sender::Upstream) | (Some(_), _) => self.bounds.head,
        }
    }

    /// Where the request line has to end.
    fn request_line(&self) -> usize {
        let line = start_line::OTHER_BYTES.saturating_add(self.bounds.target);
        line.saturating_add(self.line + 2)
    }

    fn too_long(&self) -> Violation {
        match (self.start, self.sender) {
            (None, Sender::Downstream) if self.request_line() <= self.bounds.head => {
                Violation::TargetTooLong
            }
            (None | Some(_), _) => Violation::HeadTooLarge,
        }
    }

    fn empty_line(&mut self) -> Result<(), Violation> {
        self.empty_lines += 1;
        if self.sender == Sender::Upstream || self.empty_lines > limits::EMPTY_LINES {
            return Err(Violation::EmptyLines);
        }
        Ok(())
    }

    fn start_line(&self, line: &[u8]) -> Result<StartLine, Violation> {
        match self.sender {
            Sender::Downstream => start_line::request(line, self.bounds.target),
            Sender::Upstream => start_line::response(line),
        }
    }

    /// The rules that need the whole head.
    fn finish(&self, start: StartLine) -> Result<Complete, Violation> {
        if self.sender == Sender::Downstream && !self.fields.host {
            return Err(Violation::MissingHost);
        }
        if self.fields.chunked && !start.modern {
            return Err(Violation::EncodingInOldVersion);
        }
        Ok(Complete {
            length: self.line,
            start,
            fields: self.fields,
        })
    }
}
