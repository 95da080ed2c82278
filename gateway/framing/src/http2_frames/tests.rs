use super::*;
use crate::http2_frame::{END_STREAM, PADDED, PRIORITY};
use proptest::{collection::vec, prelude::*};

/// A frame whose payload is `before` (the padding's length, a priority), `block` and padding.
#[derive(Clone, Debug)]
struct Sent {
    kind: u8,
    flags: u8,
    stream: u32,
    priority: [u8; 5],
    padding: Vec<u8>,
    block: Vec<u8>,
}

impl Sent {
    fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    fn bytes(&self) -> Vec<u8> {
        let mut payload = Vec::new();
        if self.kind == kind::HEADERS && self.has(PADDED) {
            payload.push(u8::try_from(self.padding.len()).expect("at most 255"));
        }
        if self.kind == kind::HEADERS && self.has(PRIORITY) {
            payload.extend(self.priority);
        }
        payload.extend(&self.block);
        if self.kind == kind::HEADERS && self.has(PADDED) {
            payload.extend(&self.padding);
        }
        frame(self.kind, self.flags, self.stream, &payload)
    }

    /// h2 resets such a stream, so the frame must reach it as it is.
    fn depends_on_itself(&self) -> bool {
        let [a, b, c, d, _] = self.priority;
        self.has(PRIORITY) && u32::from_be_bytes([a & 0x7F, b, c, d]) == self.stream
    }

    /// What h2 must read if the frame begins a trailer section.
    fn behind_a_field(&self) -> Vec<u8> {
        let flags = self.flags & END_STREAM;
        let rest = self.flags & END_HEADERS;
        [
            frame(kind::HEADERS, flags, self.stream, b"\x8f"),
            frame(kind::CONTINUATION, rest, self.stream, &self.block),
        ]
        .concat()
    }
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("a short payload");
    let mut bytes = length.to_be_bytes()[1..].to_vec();
    bytes.extend([kind, flags]);
    bytes.extend(stream.to_be_bytes());
    bytes.extend(payload);
    bytes
}

/// What hyper reads of pieces of these lengths, and the cost of the frames.
fn read(bytes: &[u8], lengths: &[usize]) -> (Vec<u8>, u64) {
    let state = ConnectionState::new();
    let mut frames = Http2Frames::default();
    let (mut rest, mut seen) = (bytes, Vec::new());
    let mut lengths = lengths.iter().copied().cycle();
    while !rest.is_empty() {
        let count = lengths.next().unwrap_or(usize::MAX).clamp(1, rest.len());
        let (piece, behind) = rest.split_at(count);
        let mut changed = Vec::new();
        let passed = frames.advance(piece, &state, &mut changed);
        seen.extend(&piece[..passed]);
        seen.extend(changed);
        rest = behind;
    }
    (seen, state.frame_cost.get())
}

fn sent() -> impl Strategy<Value = Sent> {
    (
        prop_oneof![Just(kind::HEADERS), 0_u8..11],
        any::<u8>(),
        0_u32..6,
        // Often a stream that the frames have.
        (any::<bool>(), 0_u8..6)
            .prop_map(|(exclusive, of)| [u8::from(exclusive) << 7, 0, 0, of, 15]),
        vec(any::<u8>(), 0..20),
        vec(any::<u8>(), 0..40),
    )
        .prop_map(|(kind, flags, stream, priority, padding, block)| Sent {
            kind,
            flags,
            stream,
            priority,
            padding,
            block,
        })
}

proptest! {
    #![proptest_config(tests_kit::properties(512))]

    /// However the bytes are cut, only trailer sections are changed.
    #[test]
    fn trailers_follow_a_regular_field_and_everything_else_passes(
        sent in vec(sent(), 0..12),
        lengths in vec(1_usize..60, 1..8),
    ) {
        let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
        let (mut bytes, mut wanted, mut highest) = (preface.clone(), preface, 0);
        for frame in &sent {
            bytes.extend(frame.bytes());
            let begins = frame.kind == kind::HEADERS && frame.stream <= highest;
            if begins && !frame.depends_on_itself() {
                wanted.extend(frame.behind_a_field());
            } else {
                wanted.extend(frame.bytes());
            }
            if frame.kind == kind::HEADERS {
                highest = highest.max(frame.stream);
            }
        }
        let (seen, cost) = read(&bytes, &lengths);
        prop_assert_eq!(&seen, &wanted);
        prop_assert_eq!(read(&bytes, &[bytes.len()]), (wanted, cost));
    }

    /// Whatever comes, nothing panics, and cutting changes nothing but the place of the last bytes.
    #[test]
    fn any_bytes_are_read_alike_however_they_are_cut(
        bytes in vec(prop_oneof![0_u8..3, Just(8), Just(0x2F), any::<u8>()], 0..200),
        lengths in vec(1_usize..30, 1..8),
    ) {
        let whole = read(&bytes, &[bytes.len()]);
        prop_assert_eq!(read(&bytes, &lengths), whole);
    }
}

/// h2 must end the connection for these, so they reach it as they are.
#[test]
fn trailers_that_contradict_their_length_pass_unchanged() {
    let opened = frame(kind::HEADERS, END_HEADERS, 1, b"\x82");
    for (flags, payload) in [
        (PADDED, &b""[..]),
        (PRIORITY, b"1234"),
        (PADDED | PRIORITY, b"\x001234"),
        (PADDED, b"\x03ab"),
    ] {
        let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
        let trailers = frame(kind::HEADERS, flags | END_HEADERS, 1, payload);
        let bytes = [&preface[..], &opened, &trailers].concat();
        assert_eq!(read(&bytes, &[7]).0, bytes, "{flags:#x} {payload:?}");
    }
}
