//! An HTTP/2 client that sends whatever frames a test wants, sound or not.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Instant;

use crate::harness::{HANG, now};

pub(crate) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

pub(crate) mod kind {
    pub(crate) const DATA: u8 = 0;
    pub(crate) const HEADERS: u8 = 1;
    pub(crate) const RST_STREAM: u8 = 3;
    pub(crate) const SETTINGS: u8 = 4;
    pub(crate) const PING: u8 = 6;
    pub(crate) const GOAWAY: u8 = 7;
    pub(crate) const WINDOW_UPDATE: u8 = 8;
    pub(crate) const CONTINUATION: u8 = 9;
}

pub(crate) const END_STREAM: u8 = 1;
pub(crate) const END_HEADERS: u8 = 4;
pub(crate) const ACK: u8 = 1;

#[derive(Clone, Debug)]
pub(crate) struct Frame {
    pub(crate) kind: u8,
    pub(crate) flags: u8,
    pub(crate) stream: u32,
    pub(crate) payload: Vec<u8>,
}

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Status, and whether the answer came to its proper end.
    Answered(u16, bool),
    /// `RST_STREAM` before an answer.
    Reset(u32),
    /// The connection ended; with the code of its `GOAWAY` if there was one.
    Closed(Option<u32>),
    /// Nothing came in time.
    Silent,
}

pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("a short payload");
    let mut bytes = length.to_be_bytes()[1..].to_vec();
    bytes.extend_from_slice(&[kind, flags]);
    bytes.extend_from_slice(&stream.to_be_bytes());
    bytes.extend_from_slice(payload);
    bytes
}

/// HPACK: every field a literal with its name, never indexed (RFC 7541 section 6.2.3).
pub(crate) fn block(fields: &[(Vec<u8>, Vec<u8>)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (name, value) in fields {
        bytes.push(0x10);
        for text in [name, value] {
            integer(&mut bytes, text.len());
            bytes.extend_from_slice(text);
        }
    }
    bytes
}

fn integer(bytes: &mut Vec<u8>, mut value: usize) {
    if value < 127 {
        bytes.push(u8::try_from(value).expect("below 127"));
        return;
    }
    bytes.push(127);
    value -= 127;
    while value >= 128 {
        bytes.push(u8::try_from(value % 128).expect("below 128") | 128);
        value /= 128;
    }
    bytes.push(u8::try_from(value).expect("below 128"));
}

/// Splits `name: value` texts; a pseudo-header is `:name: value`.
pub(crate) fn fields<T: AsRef<str>>(texts: &[T]) -> Vec<(Vec<u8>, Vec<u8>)> {
    let split = texts.iter().map(|text| {
        let text = text.as_ref();
        let (name, value) = text.split_once(": ").expect("name: value");
        (name.into(), value.into())
    });
    split.collect()
}

/// The fields of a plain request.
pub(crate) fn request(method: &str, path: &str) -> Vec<(Vec<u8>, Vec<u8>)> {
    fields(&[
        format!(":method: {method}"),
        ":scheme: http".into(),
        ":authority: localhost".into(),
        format!(":path: {path}"),
    ])
}

pub(crate) struct Raw {
    pub(crate) stream: TcpStream,
    unread: Vec<u8>,
    /// A connection that lasts longer hangs, however much comes.
    until: Instant,
}

impl Raw {
    /// Connects, with the preface and these settings sent.
    pub(crate) fn connect(gateway: SocketAddr, settings: &[(u16, u32)]) -> Self {
        let stream = TcpStream::connect(gateway).expect("the gateway listens");
        stream
            .set_read_timeout(Some(HANG))
            .expect("a valid timeout");
        stream.set_nodelay(true).expect("a TCP socket");
        let mut raw = Self {
            stream,
            unread: Vec::new(),
            until: now() + HANG * 2,
        };
        let mut payload = Vec::new();
        for (id, value) in settings {
            payload.extend_from_slice(&id.to_be_bytes());
            payload.extend_from_slice(&value.to_be_bytes());
        }
        let bytes = [PREFACE, &frame(kind::SETTINGS, 0, 0, &payload)].concat();
        raw.send(&bytes).expect("a fresh connection takes it");
        raw
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)
    }

    /// The next frame; `Ok(None)` at the end of the connection.
    pub(crate) fn next(&mut self) -> io::Result<Option<Frame>> {
        loop {
            if now() > self.until {
                return Err(io::ErrorKind::TimedOut.into());
            }
            if let Some(frame) = self.take() {
                if frame.kind == kind::SETTINGS && frame.flags & ACK == 0 {
                    // The peer may be gone already; the next read tells.
                    let _ = self.send(&self::frame(kind::SETTINGS, ACK, 0, &[]));
                }
                if frame.kind == kind::PING && frame.flags & ACK == 0 {
                    let _ = self.send(&self::frame(kind::PING, ACK, 0, &frame.payload));
                }
                return Ok(Some(frame));
            }
            let mut piece = [0; 16 * 1024];
            match self.stream.read(&mut piece) {
                Ok(0) => return Ok(None),
                Ok(read) => self.unread.extend_from_slice(&piece[..read]),
                Err(error) if error.kind() == io::ErrorKind::ConnectionReset => return Ok(None),
                Err(error) => return Err(error),
            }
        }
    }

    fn take(&mut self) -> Option<Frame> {
        let [a, b, c, kind, flags, s, t, u, v, ..] = self.unread[..] else {
            return None;
        };
        let length = u32::from_be_bytes([0, a, b, c]) as usize;
        let payload = self.unread.get(9..9 + length)?.to_vec();
        self.unread.drain(..9 + length);
        let stream = u32::from_be_bytes([s, t, u, v]) & 0x7FFF_FFFF;
        Some(Frame {
            kind,
            flags,
            stream,
            payload,
        })
    }

    /// What becomes of a request on this stream.
    pub(crate) fn outcome(&mut self, stream: u32) -> Outcome {
        let mut status = None;
        let mut away = None;
        loop {
            let frame = match self.next() {
                Ok(Some(frame)) => frame,
                Ok(None) => {
                    return status.map_or(Outcome::Closed(away), |s| Outcome::Answered(s, false));
                }
                Err(_) => return Outcome::Silent,
            };
            if frame.kind == kind::GOAWAY {
                away = Some(number(&frame.payload[4..]));
            }
            if frame.stream != stream {
                continue;
            }
            if frame.kind == kind::RST_STREAM {
                let code = number(&frame.payload);
                return status.map_or(Outcome::Reset(code), |s| Outcome::Answered(s, false));
            }
            if frame.kind == kind::HEADERS {
                status = Some(status_of(&frame.payload));
            }
            let ends = frame.flags & END_STREAM != 0;
            if let (Some(status), true) = (status, ends && frame.kind <= kind::HEADERS) {
                return Outcome::Answered(status, true);
            }
        }
    }
}

pub(crate) fn number(bytes: &[u8]) -> u32 {
    u32::from_be_bytes(bytes[..4].try_into().expect("four bytes"))
}

/// The status in the first field of a block, as h2 encodes it: from the static table, or a literal of
/// three digits, packed or not.
fn status_of(block: &[u8]) -> u16 {
    let block = match block {
        // A change of the table's size.
        [first, rest @ ..] if first >> 5 == 1 => rest,
        whole => whole,
    };
    match *block {
        [first @ 0x88..=0x8E, ..] => [200, 204, 206, 304, 400, 404, 500][usize::from(first - 0x88)],
        [_, length, ref rest @ ..] if length & 0x80 == 0 => {
            let digits = str::from_utf8(&rest[..usize::from(length)]).expect("digits");
            digits.parse().expect("a status")
        }
        [_, length, ref rest @ ..] => unpack(&rest[..usize::from(length & 0x7F)]),
        _ => unreachable!("no status in {block:?}"),
    }
}

/// Digits in the code of RFC 7541 appendix B: 0 to 2 take five bits, 3 to 9 six.
fn unpack(packed: &[u8]) -> u16 {
    let bits: Vec<u8> = (packed.iter())
        .flat_map(|byte| (0..8).rev().map(move |at| byte >> at & 1))
        .collect();
    let mut at = 0;
    (0..3).fold(0, |status, _| {
        let code = bits[at..at + 5].iter().fold(0, |code, bit| code * 2 + bit);
        let digit = if code <= 2 {
            at += 5;
            code
        } else {
            let code = code * 2 + bits[at + 5];
            at += 6;
            code - 0b01_1001 + 3
        };
        status * 10 + u16::from(digit)
    })
}
