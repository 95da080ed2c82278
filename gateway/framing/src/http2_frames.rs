//! Follows the frames of an HTTP/2 peer: what they cost, whether one is unfinished, and where a trailer
//! section begins.
//!
//! Floods consist of frames that carry neither a request nor data (RFC 9113 section 10.5). h2 limits the
//! memory that they take; the sweep limits their number (see [`crate::PeerMonitor`]).

use crate::connection_state::ConnectionState;
use crate::http2_frame::{END_HEADERS, HEADER, kind};
use crate::http2_trailers::Trailers;
use crate::pass::Pass;
use crate::position::Position;

/// Bytes of the client connection preface (RFC 9113 section 3.4).
const PREFACE: usize = 24;
/// The most bytes of a HEADERS frame before its field block: the padding's length and a priority.
const PREFIX: usize = 6;

/// Bytes of content that pay for one frame; many frames with less are a flood.
const DATA_PER_FRAME: u64 = 64;
/// The cost of a frame that makes the gateway work: a reset abandons an upstream connection, and settings
/// must be acknowledged.
const EXPENSIVE: u64 = 20;

/// Follows the frame boundaries of one connection.
#[derive(Debug)]
pub(crate) struct Http2Frames {
    preface: usize,
    /// The header of the current frame; of a trailer section also what stands before its field block.
    header: [u8; HEADER + PREFIX],
    filled: usize,
    /// How many bytes `header` gets for the current frame.
    wanted: usize,
    payload: usize,
    /// Bytes behind the payload that go nowhere.
    padding: usize,
    /// A field block has begun, and the frame that ends it has not come.
    in_field_block: bool,
    /// The highest stream that the peer has opened.
    last_stream: u32,
}

impl Default for Http2Frames {
    fn default() -> Self {
        Self {
            preface: 0,
            header: [0; HEADER + PREFIX],
            filled: 0,
            wanted: HEADER,
            payload: 0,
            padding: 0,
            in_field_block: false,
            last_stream: 0,
        }
    }
}

impl Http2Frames {
    /// Takes the next bytes of the connection and updates its state. Returns how many of them pass as
    /// they are; what hyper reads in place of the others is added to `changed`.
    pub(crate) fn advance(
        &mut self,
        bytes: &[u8],
        state: &ConnectionState,
        changed: &mut Vec<u8>,
    ) -> usize {
        let mut pass = Pass::new(bytes, changed);
        // The preface is no frame and costs nothing.
        let preface = pass.left().min(PREFACE - self.preface);
        self.preface += preface;
        pass.keep(preface);
        while pass.left() > 0 {
            if self.filled < self.wanted {
                self.read_header(&mut pass, state);
                if self.filled < self.wanted {
                    continue;
                }
            }
            let taken = pass.left().min(self.payload);
            self.payload -= taken;
            pass.keep(taken);
            if self.payload > 0 {
                break;
            }
            let taken = pass.left().min(self.padding);
            self.padding -= taken;
            if taken > 0 {
                pass.skip(taken);
            }
            if self.padding == 0 {
                self.end(state);
            }
        }
        state.position.set(self.position());
        pass.in_place()
    }

    /// Reads the frame header. One that is not whole is held back, because it may be one to change.
    fn read_header(&mut self, pass: &mut Pass<'_>, state: &ConnectionState) {
        let taken = pass.left().min(self.wanted - self.filled);
        self.header[self.filled..self.filled + taken].copy_from_slice(pass.next(taken));
        self.filled += taken;
        if self.filled < self.wanted {
            pass.skip(taken);
            return;
        }
        if self.wanted > HEADER {
            pass.skip(taken);
            self.replace_trailers(pass);
            return;
        }
        self.begin(state);
        // h2 ends the connection for a frame that is shorter than its flags say.
        let is_trailers = self.has_second_head() && self.payload >= Trailers::prefix(&self.header);
        if is_trailers {
            pass.skip(taken);
            self.wanted += Trailers::prefix(&self.header);
            if self.wanted == HEADER {
                self.replace_trailers(pass);
            }
        } else if taken == HEADER {
            pass.keep(HEADER);
        } else {
            pass.skip(taken);
            pass.insert(&self.header[..HEADER]);
        }
    }

    fn replace_trailers(&mut self, pass: &mut Pass<'_>) {
        let trailers = Trailers::new(&self.header[..self.wanted], self.payload);
        trailers.write(pass);
        self.payload = trailers.block;
        self.padding = trailers.padding;
    }

    /// Whether the frame is a HEADERS frame of a stream that had one. Streams are opened in ascending
    /// order (RFC 9113 section 5.1.1), so the highest number tells.
    fn has_second_head(&mut self) -> bool {
        if self.header[3] != kind::HEADERS {
            return false;
        }
        let [_, _, _, _, _, a, b, c, d, ..] = self.header;
        let stream = u32::from_be_bytes([a, b, c, d]) & 0x7FFF_FFFF;
        let opens = stream > self.last_stream;
        self.last_stream = self.last_stream.max(stream);
        !opens
    }

    fn begin(&mut self, state: &ConnectionState) {
        let [a, b, c, kind, ..] = self.header;
        self.payload = usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c);
        let (cost, credit) = match kind {
            // Data earns as much as it carries: frames of a single byte earn nothing.
            kind::DATA => (1, self.payload as u64 / DATA_PER_FRAME),
            kind::RST_STREAM | kind::SETTINGS => (EXPENSIVE, 0),
            _ => (1, 0),
        };
        state.frame_cost.set(state.frame_cost.get() + cost);
        state.frame_credit.set(state.frame_credit.get() + credit);
    }

    fn end(&mut self, state: &ConnectionState) {
        // Here and not at the next header, so that a finished frame leaves the connection between two.
        self.filled = 0;
        self.wanted = HEADER;
        let [_, _, _, kind, flags, ..] = self.header;
        let is_head = matches!(kind, kind::HEADERS | kind::CONTINUATION);
        if is_head {
            self.in_field_block = flags & END_HEADERS == 0;
        }
        // The very first frame counts as a head: after it the peer is idle, and no longer late with its
        // first request.
        if (is_head && !self.in_field_block) || state.heads.get() == 0 {
            state.heads.set(state.heads.get() + 1);
        }
    }

    /// A frame other than DATA that has begun must be complete within the time for a head.
    const fn position(&self) -> Position {
        let in_preface = self.preface > 0 && self.preface < PREFACE;
        let in_header = self.filled > 0 && self.filled < self.wanted;
        let in_control = self.filled == self.wanted && self.header[3] != kind::DATA;
        if self.in_field_block || in_preface || in_header || in_control {
            Position::Head
        } else {
            Position::Between
        }
    }
}

#[cfg(test)]
mod tests;
