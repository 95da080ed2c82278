//! Trailer sections in raw frames: which are sound, and what becomes of the others. A request whose
//! trailer section is malformed must not reach the carrier as a whole one (RFC 9113 section 8.1).

use gateway_proxy::Limits;

use crate::frames::{END_HEADERS, END_STREAM, Outcome, Raw, block, fields, frame, kind, request};
use crate::harness::World;

const PADDED: u8 = 0x8;
const PRIORITY: u8 = 0x20;
const END: u8 = END_STREAM | END_HEADERS;
const PROTOCOL_ERROR: u32 = 1;

/// What stands between the data of a request on stream 1 and its end, and what becomes of it.
struct Case {
    /// `passed`; `reset` with PROTOCOL_ERROR; `closed` where h2 finds the whole connection broken.
    outcome: &'static str,
    name: &'static str,
    frames: Vec<u8>,
}

/// One HEADERS frame with these flags and this payload.
fn headers(outcome: &'static str, name: &'static str, flags: u8, payload: &[u8]) -> Case {
    Case {
        outcome,
        name,
        frames: frame(kind::HEADERS, flags, 1, payload),
    }
}

/// A field block in one frame.
fn whole(outcome: &'static str, name: &'static str, block: &[u8]) -> Case {
    headers(outcome, name, END, block)
}

/// Fields with literal names.
fn literal(outcome: &'static str, name: &'static str, texts: &[&str]) -> Case {
    whole(outcome, name, &block(&fields(texts)))
}

/// A field block in several frames, cut at these places.
fn continued(outcome: &'static str, name: &'static str, block: &[u8], cuts: &[usize]) -> Case {
    let mut pieces = Vec::new();
    let mut from = 0;
    for to in cuts.iter().copied().chain([block.len()]) {
        pieces.push(&block[from..to]);
        from = to;
    }
    let last = pieces.len() - 1;
    let frames = pieces.iter().enumerate().map(|(at, piece)| {
        let ends = if at == last { END_HEADERS } else { 0 };
        if at == 0 {
            frame(kind::HEADERS, END_STREAM | ends, 1, piece)
        } else {
            frame(kind::CONTINUATION, ends, 1, piece)
        }
    });
    Case {
        outcome,
        name,
        frames: frames.collect::<Vec<_>>().concat(),
    }
}

/// The request's own fields. The last one enters the dynamic table as entry 62, and `:path` as 63.
fn head() -> Vec<u8> {
    let mut bytes = block(&request("POST", "/p")[..3]);
    bytes.extend(b"\x44\x02/p");
    bytes.extend(b"\x40\x03x-a\x01b");
    bytes
}

fn run(world: &World, case: &Case, piece: usize) -> Result<(), String> {
    world.forget();
    let mut raw = Raw::connect(world.gateway, &[]);
    let mut bytes = frame(kind::HEADERS, END_HEADERS, 1, &head());
    bytes.extend(frame(kind::DATA, 0, 1, b"abc"));
    bytes.extend(&case.frames);
    for piece in bytes.chunks(piece) {
        // The gateway may have closed already.
        let _ = raw.send(piece);
    }
    let outcome = raw.outcome(1);
    let mut last = match outcome {
        Outcome::Closed(_) => Raw::connect(world.gateway, &[]),
        Outcome::Answered(..) | Outcome::Reset(_) | Outcome::Silent => raw,
    };
    let next = frame(kind::HEADERS, END, 3, &block(&request("GET", "/last")));
    last.send(&next).map_err(|error| error.to_string())?;
    let after = last.outcome(3);
    let requests = world.requests();
    let targets: Vec<_> = requests.iter().map(|seen| seen.target.as_str()).collect();
    let (fits, wanted) = match case.outcome {
        "passed" => (
            outcome == Outcome::Answered(200, true),
            &["/p", "/last"][..],
        ),
        "reset" => (outcome == Outcome::Reset(PROTOCOL_ERROR), &["/last"][..]),
        "closed" => (matches!(outcome, Outcome::Closed(Some(_))), &["/last"][..]),
        _ => unreachable!("an outcome"),
    };
    if !fits || targets != wanted {
        return Err(format!("got {outcome:?}, upstream {targets:?}"));
    }
    if after != Outcome::Answered(200, true) {
        return Err(format!("the next request got {after:?}"));
    }
    Ok(())
}

/// Each case in one piece and byte by byte.
#[track_caller]
fn check(cases: &[Case]) {
    let world = World::start(Limits::default());
    let failures: Vec<_> = (cases.iter())
        .flat_map(|case| [(case, usize::MAX), (case, 1)])
        .filter_map(|(case, piece)| {
            let why = run(&world, case, piece).err()?;
            Some(format!("{} (wanted {}): {why}", case.name, case.outcome))
        })
        .collect();
    let log = world.log.lock().expect("no poison");
    assert_eq!(log.wrong, [""; 0], "bytes that no strict reader takes");
    assert_eq!(failures, [""; 0]);
}

#[test]
fn sound_trailers_of_every_form_pass() {
    let field = block(&fields(&["x-checksum: abc"]));
    let padded = [&[4][..], &field, &[0; 4]].concat();
    let priority = [&[0, 0, 0, 0, 15][..], &field].concat();
    let both = [&[4, 0, 0, 0, 0, 15][..], &field, &[0; 4]].concat();
    check(&[
        whole("passed", "none at all", b""),
        whole("passed", "one field", &field),
        literal("passed", "fields", &["a: b", "a: c", "te: trailers"]),
        literal("passed", "the gateway's own field", &["accept-charset: a"]),
        whole("passed", "of the dynamic table", b"\xbe"),
        whole("passed", "into the dynamic table", b"\x40\x01c\x01d\xbe"),
        headers("passed", "padded", END | PADDED, &padded),
        headers("passed", "padding alone", END | PADDED, b"\x02\0\0"),
        headers("passed", "with a priority", END | PRIORITY, &priority),
        headers("passed", "with both", END | PADDED | PRIORITY, &both),
        whole(
            "passed",
            "table size",
            &[b"\x3f\xe1\x1f", &field[..]].concat(),
        ),
        continued("passed", "continued", &field, &[0, 1, 3, 3, 9]),
    ]);
}

// RFC 9113 section 8.1
#[test]
fn trailers_with_pseudo_headers_are_malformed() {
    let path = block(&fields(&["a: b", ":path: /smuggled"]));
    let padded = [&[2][..], &path, &[0; 2]].concat();
    let priority = [&[0, 0, 0, 0, 15][..], &path].concat();
    check(&[
        literal("reset", "path", &[":path: /smuggled"]),
        literal("reset", "method", &[":method: GET"]),
        literal("reset", "scheme", &[":scheme: http"]),
        literal("reset", "authority", &[":authority: localhost"]),
        literal("reset", "status", &[":status: 200"]),
        literal("reset", "protocol", &[":protocol: websocket"]),
        literal("closed", "unknown", &[":unknown: a"]),
        literal("closed", "a colon alone", &[":: a"]),
        literal("reset", "behind a field", &["a: b", ":path: /smuggled"]),
        literal("reset", "before a field", &[":path: /smuggled", "a: b"]),
        whole("reset", "of the static table", b"\x82"),
        whole("reset", "status of the static table", b"\x88"),
        whole("reset", "with a name of the static table", b"\x04\x02/s"),
        whole("reset", "of the dynamic table", b"\xbf"),
        whole(
            "reset",
            "with a name of the dynamic table",
            b"\x0f\x30\x02/s",
        ),
        whole("reset", "into the dynamic table", b"\x44\x02/s"),
        whole(
            "reset",
            "with a packed name",
            b"\x10\x84\xb9\x58\xd3\x3f\x02/s",
        ),
        whole("reset", "behind a table size", b"\x3f\xe1\x1f\x82"),
        headers("reset", "padded", END | PADDED, &padded),
        headers("reset", "with a priority", END | PRIORITY, &priority),
        continued("reset", "in a continuation", &path, &[0, 2]),
        continued("reset", "cut in its name", &path, &[8]),
    ]);
}

// RFC 9113 section 8.2
#[test]
fn trailers_with_fields_that_no_message_may_have_are_malformed() {
    check(&[
        literal("reset", "connection", &["connection: close"]),
        literal("reset", "keep-alive", &["keep-alive: 5"]),
        literal("reset", "proxy-connection", &["proxy-connection: close"]),
        literal(
            "reset",
            "transfer-encoding",
            &["transfer-encoding: chunked"],
        ),
        literal("reset", "upgrade", &["upgrade: websocket"]),
        literal("reset", "te", &["te: gzip"]),
        literal("closed", "upper case", &["X-Checksum: a"]),
        literal("closed", "space in a name", &["a b: c"]),
        literal("closed", "no name", &[": a"]),
        literal("closed", "line in a value", &["a: b\r\nc: d"]),
    ]);
}

#[test]
fn trailers_whose_frames_are_malformed_are_refused() {
    let field = block(&fields(&["a: b"]));
    let itself = [&[0, 0, 0, 1, 15][..], &field].concat();
    let other = [
        frame(kind::HEADERS, END_STREAM, 1, &field),
        frame(kind::HEADERS, END, 1, &field),
    ];
    check(&[
        headers("reset", "without END_STREAM", END_HEADERS, &field),
        headers(
            "reset",
            "that depend on themselves",
            END | PRIORITY,
            &itself,
        ),
        headers(
            "closed",
            "more padding than payload",
            END | PADDED,
            b"\x09ab",
        ),
        headers("closed", "without room for padding", END | PADDED, b""),
        headers(
            "closed",
            "without room for a priority",
            END | PRIORITY,
            b"abc",
        ),
        whole("closed", "no entry of a table", b"\xc5"),
        whole("closed", "half a field", b"\x10\x05a"),
        Case {
            outcome: "closed",
            name: "two that begin",
            frames: other.concat(),
        },
    ]);
}
