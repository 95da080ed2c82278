//! What an HTTP/2 peer's frames cost and whether one is unfinished, by their first nine bytes alone.
//!
//! Frames that carry neither a request nor data cost work and bring nothing: that is what floods are
//! made of. h2 bounds their memory; the sweep bounds their number (see [`super::Watch`]).

use super::request::Position;
use super::state::ConnectionState;

/// Bytes of the client's preface.
const PREFACE: usize = 24;
const HEADER: usize = 9;
const END_HEADERS: u8 = 0x4;

/// Bytes of a body that outweigh one frame; many frames with less are a flood.
const DATA_PER_FRAME: u64 = 64;
/// A reset makes the gateway give up an upstream connection; acknowledging settings costs too.
const DEAR: u64 = 20;

mod kind {
    pub(super) const DATA: u8 = 0;
    pub(super) const HEADERS: u8 = 1;
    pub(super) const RST_STREAM: u8 = 3;
    pub(super) const SETTINGS: u8 = 4;
    pub(super) const CONTINUATION: u8 = 9;
}

/// Follows the boundaries of frames.
#[derive(Debug, Default)]
pub(super) struct Frames {
    preface: usize,
    header: [u8; HEADER],
    filled: usize,
    payload: usize,
    /// Headers came, the frame that ends them has not.
    block: bool,
}

impl Frames {
    /// Takes the next bytes of the connection and notes what they mean for its peer.
    pub(super) fn advance(&mut self, mut bytes: &[u8], state: &ConnectionState) {
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
        let (cost, worth) = match kind {
            kind::DATA => (1, self.payload as u64 / DATA_PER_FRAME),
            kind::RST_STREAM | kind::SETTINGS => (DEAR, 0),
            _ => (1, 0),
        };
        state.cost.set(state.cost.get() + cost);
        state.worth.set(state.worth.get() + worth);
    }

    fn end(&mut self, state: &ConnectionState) {
        self.filled = 0;
        let [_, _, _, kind, flags, ..] = self.header;
        let is_head = matches!(kind, kind::HEADERS | kind::CONTINUATION);
        if is_head {
            self.block = flags & END_HEADERS == 0;
        }
        // The first frame of all counts too: from then on the peer is idle, not late.
        if (is_head && !self.block) || state.heads.get() == 0 {
            state.heads.set(state.heads.get() + 1);
        }
    }

    /// In the middle of anything but a body the peer owes the rest soon.
    const fn position(&self) -> Position {
        let in_preface = self.preface > 0 && self.preface < PREFACE;
        let in_header = self.filled > 0 && self.filled < HEADER;
        let in_control = self.filled == HEADER && self.header[3] != kind::DATA;
        if self.block || in_preface || in_header || in_control {
            Position::Head
        } else {
            Position::Between
        }
    }
}
