//! What the guard approves, httparse and hyper frame alike; what they would misread, it refuses.

use crate::oracle::requests::{check, guard_reads, hyper_reads};
use gateway_framing::{Position, RequestFraming};
use proptest::prelude::*;

fn request() -> impl Strategy<Value = (Vec<u8>, Vec<u8>)> {
    let fields = prop::sample::subsequence(
        vec![
            "A: b\r\n",
            "Connection: keep-alive\r\n",
            "X_y:\t1 \r\n",
            "Accept: */*\r\n",
            "E:\r\n",
            "Cookie: \u{e4}\r\n",
        ],
        0..6,
    );
    let method = prop::sample::select(vec!["GET", "POST", "PUT", "M-SEARCH", "OPTIONS"]);
    let target = "/[a-z0-9/._~!$&'()*+,;=:@-]{0,12}(\\?[a-z0-9=&%./?-]{0,8})?";
    let body = prop::collection::vec(prop::collection::vec(any::<u8>(), 1..20), 0..4);
    let framed = prop_oneof![Just(false), Just(true)];
    let extras = (
        prop::sample::select(vec!["", ";a", ";a=b", ";a=\"b c\""]),
        prop::sample::select(vec!["", "A: b\r\n"]),
    );
    (method, target, fields, body, framed, extras).prop_map(
        |(method, target, fields, body, framed, (extension, trailer))| {
            let mut bytes = format!(
                "{method} {target} HTTP/1.1\r\nHost: a\r\n{}",
                fields.concat()
            )
            .into_bytes();
            let content = body.concat();
            if framed {
                bytes.extend_from_slice(b"Transfer-Encoding: chunked\r\n\r\n");
                for chunk in &body {
                    bytes.extend_from_slice(format!("{:X}{extension}\r\n", chunk.len()).as_bytes());
                    bytes.extend_from_slice(chunk);
                    bytes.extend_from_slice(b"\r\n");
                }
                bytes.extend_from_slice(format!("0{extension}\r\n{trailer}\r\n").as_bytes());
            } else {
                bytes.extend_from_slice(
                    format!("Content-Length: {}\r\n\r\n", content.len()).as_bytes(),
                );
                bytes.extend_from_slice(&content);
            }
            (bytes, content)
        },
    )
}

/// A `Connection` field of any shape, most of them about the end of the connection.
fn connection() -> impl Strategy<Value = String> {
    let option = prop_oneof![
        4 => prop::sample::select(vec!["close", "keep-alive", "Close", "KEEP-ALIVE", "", "x"]),
        1 => prop::sample::select(vec!["closed", "close;a", "\"close\"", "upgrade", "a close", "\u{e4}"]),
    ];
    let comma = prop::sample::select(vec![",", ", ", " ,\t", ",,"]);
    let options = prop::collection::vec((option, comma), 0..4);
    let name = prop::sample::select(vec![
        "Connection",
        "connection",
        "CONNECTION",
        "Connections",
    ]);
    (name, options).prop_map(|(name, options)| {
        let value: String = options
            .iter()
            .flat_map(|(option, comma)| [*option, *comma])
            .collect();
        format!("{name}: {value}\r\n")
    })
}

/// A request of either version, with up to three `Connection` fields.
fn perhaps_last_request() -> impl Strategy<Value = String> {
    let version = prop::sample::select(vec!["1.0", "1.1"]);
    let body = prop::sample::select(vec![
        "\r\n",
        "Content-Length: 0\r\n\r\n",
        "Content-Length: 2\r\n\r\nab",
    ]);
    let fields = prop::collection::vec(connection(), 0..4);
    (version, fields, body).prop_map(|(version, fields, body)| {
        format!(
            "POST / HTTP/{version}\r\nHost: a\r\n{}{body}",
            fields.concat()
        )
    })
}

proptest! {
    #![proptest_config(tests_kit::properties(400))]

    /// Valid requests in a row: the guard approves every byte, httparse ends each head where the
    /// guard does, and hyper serves exactly these requests with these bodies.
    #[test]
    fn valid_requests_are_framed_as_hyper_and_httparse_frame_them(
        requests in prop::collection::vec(request(), 1..5),
    ) {
        let stream: Vec<u8> = requests.iter().flat_map(|(bytes, _)| bytes.clone()).collect();
        let guarded = guard_reads(&stream);
        prop_assert_eq!((guarded.approved, guarded.position), (stream.len(), Position::Between));
        prop_assert_eq!(guarded.spans.len(), requests.len());
        let mut start = 0;
        for (span, (bytes, _)) in guarded.spans.iter().zip(&requests) {
            prop_assert_eq!((span.start, span.end), (start, start + bytes.len()));
            start = span.end;
        }
        check(&stream);
        let bodies: Vec<_> = hyper_reads(&stream).into_iter().map(|seen| seen.content).collect();
        let sent: Vec<_> = requests.into_iter().map(|(_, content)| content).collect();
        prop_assert_eq!(bodies, sent);
    }

    /// One byte of such a row is changed, removed or added. Whatever the guard then approves up to
    /// a message end, hyper reads as the same requests.
    #[test]
    fn damaged_requests_never_make_hyper_see_more_than_the_guard_approved(
        requests in prop::collection::vec(request(), 1..4),
        at: prop::sample::Index, byte in prop::sample::select(&b"\r\n\t :;,0139afAF_-\0\x7f\xffx"[..]), how in 0..3,
    ) {
        let mut stream: Vec<u8> = requests.into_iter().flat_map(|(bytes, _)| bytes).collect();
        let at = at.index(stream.len());
        match how {
            0 => stream[at] = byte,
            1 => { stream.remove(at); }
            _ => stream.insert(at, byte),
        }
        check(&stream);
    }

    /// Nothing is approved behind the request after which hyper ends the connection, and everything up to it.
    #[test]
    fn guard_and_hyper_agree_on_the_last_request_of_a_connection(
        requests in prop::collection::vec(perhaps_last_request(), 1..5),
    ) {
        let stream = requests.concat();
        check(stream.as_bytes());
        let served = hyper_reads(stream.as_bytes()).len();
        prop_assert_eq!(guard_reads(stream.as_bytes()).complete(), served, "{}", stream.escape_debug());
        let read = requests[..served].concat().len();
        prop_assert_eq!(guard_reads(stream.as_bytes()).approved, read);
    }
}

/// One byte that was changed once made the first of two requests HTTP/1.0.
#[test]
fn a_request_that_becomes_http_1_0_is_the_last_approved() {
    let old = "GET /= HTTP/1.0\r\nHost: a\r\nContent-Length: 0\r\n\r\n";
    let next = "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n";
    let stream = [old, next].concat();
    let guarded = guard_reads(stream.as_bytes());
    assert_eq!(
        (guarded.approved, guarded.position),
        (old.len(), Position::Ended)
    );
    assert_eq!(hyper_reads(stream.as_bytes()).len(), 1);
    check(stream.as_bytes());
}

/// hyper takes each of these one way or another; the guard lets none of them through.
#[test]
fn what_hyper_forgives_is_refused() {
    for bytes in [
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 9\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: ,chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 01\r\n\r\nx",
        "GET / HTTP/1.1\nHost: a\n\n",
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0 ;\x01\r\n\r\n",
    ] {
        let seen = hyper_reads(bytes.as_bytes());
        assert_eq!(seen.len(), 1, "hyper alone takes {}", bytes.escape_debug());
        let advance = RequestFraming::new().advance(bytes.as_bytes());
        assert!(
            advance.violation.is_some(),
            "the guard takes {}",
            bytes.escape_debug()
        );
    }
}
