//! The rules for upstream answers, one line each (H12).

use gateway_proxy::framing::{ResponseFraming, Violation};

fn answer(bytes: &[u8], to_head: bool) -> (usize, Option<Violation>, bool) {
    let mut framing = ResponseFraming::new();
    framing.begin(to_head);
    let advance = framing.advance(bytes);
    (advance.approved, advance.violation, framing.is_idle())
}

#[track_caller]
fn complete(bytes: impl AsRef<[u8]>) {
    let bytes = bytes.as_ref();
    assert_eq!(
        answer(bytes, false),
        (bytes.len(), None, true),
        "{}",
        bytes.escape_ascii()
    );
}

#[track_caller]
fn refused(bytes: impl AsRef<[u8]>, expected: Violation) {
    let bytes = bytes.as_ref();
    let (_, violation, idle) = answer(bytes, false);
    assert_eq!(
        (violation, idle),
        (Some(expected), false),
        "{}",
        bytes.escape_ascii()
    );
}

fn head(fields: &str) -> String {
    format!("HTTP/1.1 200 OK\r\n{fields}\r\n")
}

#[test]
fn answers_with_one_way_to_frame_them_are_complete() {
    complete(head("Content-Length: 3\r\n") + "abc");
    complete(head("Content-Length: 0\r\n"));
    complete(head("Transfer-Encoding: chunked\r\n") + "3;a=b\r\nabc\r\n0\r\nA: b\r\n\r\n");
    complete("HTTP/1.1 204 No Content\r\n\r\n");
    complete("HTTP/1.1 204\r\nContent-Length: 0\r\n\r\n");
    complete("HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n");
    complete("HTTP/1.0 200 \r\nContent-Length: 1\r\n\r\nx");
    complete(
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    );
    complete(b"HTTP/1.1 500 \xe4\xf6\r\nContent-Length: 0\r\nA: \xff\r\n\r\n");
    complete(
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nContent_Length: 7\r\nHost: a\r\nHost: b\r\n\r\n",
    );
}

#[test]
fn an_answer_to_head_has_no_body() {
    let bytes = head("Content-Length: 3\r\n");
    assert_eq!(answer(bytes.as_bytes(), true), (bytes.len(), None, true));
    let more = bytes.clone() + "abc";
    assert_eq!(
        answer(more.as_bytes(), true),
        (bytes.len(), Some(Violation::Unsolicited), false)
    );
}

#[test]
fn an_answer_without_length_goes_on_until_close_and_is_never_reusable() {
    let bytes = head("") + "abc HTTP/1.1 200 OK\r\n\r\n";
    assert_eq!(answer(bytes.as_bytes(), false), (bytes.len(), None, false));
}

#[test]
fn anomalous_answers_are_refused() {
    use Violation::{
        BareCarriageReturn, BareLineFeed, ChunkSize, ContentLength, EmptyLines,
        EncodingInOldVersion, FieldName, FieldValue, FoldedField, InformationalFlood,
        LengthAndEncoding, LengthWithoutBody, RepeatedContentLength, RepeatedTransferEncoding,
        SpaceBeforeColon, StatusLine, SwitchingProtocols, TransferEncoding, UnknownTransferCoding,
        Unsolicited,
    };
    let chunked = "Transfer-Encoding: chunked\r\n";
    let cases: &[(String, Violation)] = &[
        (
            head(&format!("{chunked}Content-Length: 1\r\n")),
            LengthAndEncoding,
        ),
        (
            head(&format!("Content-Length: 1\r\n{chunked}")),
            LengthAndEncoding,
        ),
        (
            head("Content-Length: 1\r\nContent-Length: 1\r\n"),
            RepeatedContentLength,
        ),
        (
            head("Content-Length: 1\r\nContent-Length: 2\r\n"),
            RepeatedContentLength,
        ),
        (head("Content-Length: 1, 1\r\n"), ContentLength),
        (head("Content-Length: +1\r\n"), ContentLength),
        (head("Content-Length: -1\r\n"), ContentLength),
        (head("Content-Length: 0x1\r\n"), ContentLength),
        (head("Content-Length:\r\n"), ContentLength),
        (
            head(&format!("{chunked}{chunked}")),
            RepeatedTransferEncoding,
        ),
        (head("Transfer-Encoding: identity\r\n"), TransferEncoding),
        (
            head("Transfer-Encoding: chunked, gzip\r\n"),
            TransferEncoding,
        ),
        (head("Transfer-Encoding: xchunked\r\n"), TransferEncoding),
        (
            head("Transfer-Encoding: gzip, chunked\r\n"),
            UnknownTransferCoding,
        ),
        (
            format!("HTTP/1.0 200 OK\r\n{chunked}\r\n"),
            EncodingInOldVersion,
        ),
        (head("A : b\r\n"), SpaceBeforeColon),
        (head("A: b\r\n c\r\n"), FoldedField),
        (head("A b\r\n"), SpaceBeforeColon),
        (head("(A): b\r\n"), FieldName),
        (head("A: b\u{0}\r\n"), FieldValue),
        (head("A: b\u{7f}\r\n"), FieldValue),
        (head("A: b\rc\r\n"), BareCarriageReturn),
        (
            "HTTP/1.1 200 OK\nContent-Length: 0\n\n".into(),
            BareLineFeed,
        ),
        ("\r\nHTTP/1.1 200 OK\r\n\r\n".into(), EmptyLines),
        ("HTTP/1.1 20 OK\r\n\r\n".into(), StatusLine),
        ("HTTP/1.1 2000 OK\r\n\r\n".into(), StatusLine),
        ("HTTP/1.1 099 OK\r\n\r\n".into(), StatusLine),
        ("HTTP/1.1 600 OK\r\n\r\n".into(), StatusLine),
        ("HTTP/1.1 2xx OK\r\n\r\n".into(), StatusLine),
        ("HTTP/1.1  200 OK\r\n\r\n".into(), StatusLine),
        ("HTTP/1.1 200OK\r\n\r\n".into(), StatusLine),
        ("HTTP/1.1 200 a\u{1}b\r\n\r\n".into(), StatusLine),
        ("HTTP/2.0 200 OK\r\n\r\n".into(), StatusLine),
        ("http/1.1 200 OK\r\n\r\n".into(), StatusLine),
        ("ICY 200 OK\r\n\r\n".into(), StatusLine),
        ("<html>\r\n".into(), StatusLine),
        (
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n".into(),
            SwitchingProtocols,
        ),
        (
            "HTTP/1.1 100 Continue\r\nContent-Length: 3\r\n\r\nabc".into(),
            LengthWithoutBody,
        ),
        (
            "HTTP/1.1 204 No Content\r\nContent-Length: 3\r\n\r\nabc".into(),
            LengthWithoutBody,
        ),
        (
            format!("HTTP/1.1 204 No Content\r\n{chunked}\r\n"),
            LengthWithoutBody,
        ),
        (
            "HTTP/1.1 100 Continue\r\n\r\n".repeat(17),
            InformationalFlood,
        ),
        (head("Content-Length: 0\r\n") + "x", Unsolicited),
        (
            head("Content-Length: 0\r\n") + "HTTP/1.1 200 OK\r\n\r\n",
            Unsolicited,
        ),
        (
            "HTTP/1.1 304 Not Modified\r\nContent-Length: 1\r\n\r\nx".into(),
            Unsolicited,
        ),
        (head(chunked) + "1 \r\nx\r\n", ChunkSize),
    ];
    for (bytes, expected) in cases {
        refused(bytes, *expected);
    }
    refused(head(&"A: b\r\n".repeat(101)), Violation::TooManyFields);
    refused(
        head(&format!("A: {}\r\n", "b".repeat(65536))),
        Violation::HeadTooLarge,
    );
}

#[test]
fn bytes_without_a_request_are_unsolicited() {
    let mut framing = ResponseFraming::new();
    assert!(framing.is_idle());
    assert_eq!(
        framing.advance(b"H").violation,
        Some(Violation::Unsolicited)
    );
    assert!(!framing.is_idle());
}
