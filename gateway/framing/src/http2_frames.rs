//! The cost of an HTTP/2 peer's frames, and whether one is unfinished, from the frame headers alone.
//!
//! Floods consist of frames that carry neither a request nor data (RFC 9113 section 10.5). h2 limits the
//! memory that they take; the sweep limits their number (see [`crate::PeerMonitor`]).

use crate::connection_state::ConnectionState;
use crate::position::Position;

/// Bytes of the client connection preface (RFC 9113 section 3.4).
const PREFACE: usize = 24;
/// Bytes of a frame header (RFC 9113 section 4.1).
const HEADER: usize = 9;
const END_HEADERS: u8 = 0x4;

/// Bytes of content that pay for one frame; many frames with less are a flood.
const DATA_PER_FRAME: u64 = 64;
/// The cost of a frame that makes the gateway work: a reset abandons an upstream connection, and settings
/// must be acknowledged.
const EXPENSIVE: u64 = 20;

mod kind {
    pub(crate) const DATA: u8 = 0;
    pub(crate) const HEADERS: u8 = 1;
    pub(crate) const RST_STREAM: u8 = 3;
    pub(crate) const SETTINGS: u8 = 4;
    pub(crate) const CONTINUATION: u8 = 9;
}

/// Follows the frame boundaries of one connection.
#[derive(Debug, Default)]
pub(crate) struct FrameAccounting {
    preface: usize,
    header: [u8; HEADER],
    filled: usize,
    payload: usize,
    /// A field block has begun, and the frame that ends it has not come.
    in_field_block: bool,
}

impl FrameAccounting {
    /// Takes the next bytes of the connection and updates its state.
    pub(crate) fn advance(&mut self, mut bytes: &[u8], state: &ConnectionState) {
        // The preface is no frame and costs nothing.
        let preface = bytes.len().min(PREFACE - self.preface);
        self.preface += preface;
        bytes = &bytes[preface..];
        while !bytes.is_empty() {
            if self.filled < HEADER {
                let taken = bytes.len().min(HEADER - self.filled);
                self.header[self.filled..self.filled + taken].copy_from_slice(&bytes[..taken]);
                self.filled += taken;
                bytes = &bytes[taken..];
                if self.filled < HEADER {
                    break;
                }
                self.begin(state);
            }
            let taken = bytes.len().min(self.payload);
            self.payload -= taken;
            bytes = &bytes[taken..];
            if self.payload == 0 {
                self.end(state);
            }
        }
        state.position.set(self.position());
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
        let in_header = self.filled > 0 && self.filled < HEADER;
        let in_control = self.filled == HEADER && self.header[3] != kind::DATA;
        if self.in_field_block || in_preface || in_header || in_control {
            Position::Head
        } else {
            Position::Between
        }
    }
}
