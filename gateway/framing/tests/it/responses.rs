//! The rules for upstream responses, one line each.

use crate::responses_in_memory::Responses;
use gateway_framing::Violation;

fn answer(bytes: &[u8], to_head: bool) -> (usize, Option<Violation>, bool) {
    let mut answers = Responses::to(to_head);
    let violation = answers.read(bytes).err();
    (answers.read, violation, answers.framing.is_idle())
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
fn fields_that_frame_in_two_ways_or_none_are_refused() {
    use Violation::{
        BareCarriageReturn, ContentLength, ControlByte, FieldName, FoldedField, LengthAndEncoding,
        RepeatedContentLength, RepeatedTransferEncoding, SpaceBeforeColon, TransferEncoding,
        UnknownTransferCoding,
    };
    let both = "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n";
    let twice = "Transfer-Encoding: chunked\r\n".repeat(2);
    for (fields, expected) in [
        (both, LengthAndEncoding),
        (
            "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n",
            LengthAndEncoding,
        ),
        (
            "Content-Length: 1\r\nContent-Length: 1\r\n",
            RepeatedContentLength,
        ),
        (
            "Content-Length: 1\r\nContent-Length: 2\r\n",
            RepeatedContentLength,
        ),
        ("Content-Length: 1, 1\r\n", ContentLength),
        ("Content-Length: +1\r\n", ContentLength),
        ("Content-Length: -1\r\n", ContentLength),
        ("Content-Length: 0x1\r\n", ContentLength),
        ("Content-Length:\r\n", ContentLength),
        (&twice, RepeatedTransferEncoding),
        ("Transfer-Encoding: identity\r\n", TransferEncoding),
        ("Transfer-Encoding: chunked, gzip\r\n", TransferEncoding),
        ("Transfer-Encoding: xchunked\r\n", TransferEncoding),
        (
            "Transfer-Encoding: gzip, chunked\r\n",
            UnknownTransferCoding,
        ),
        ("A : b\r\n", SpaceBeforeColon),
        ("A b\r\n", SpaceBeforeColon),
        ("A: b\r\n c\r\n", FoldedField),
        ("(A): b\r\n", FieldName),
        ("A: b\u{0}\r\n", ControlByte),
        ("A: b\u{7f}\r\n", ControlByte),
        ("A: b\rc\r\n", BareCarriageReturn),
    ] {
        refused(head(fields), expected);
    }
    let many = head(&"A: b\r\n".repeat(101));
    refused(many, Violation::TooManyFields);
    let large = head(&format!("A: {}\r\n", "b".repeat(65536)));
    refused(large, Violation::HeadTooLarge);
}

#[test]
fn status_lines_of_other_shapes_are_refused() {
    for line in [
        "HTTP/1.1 20 OK",
        "HTTP/1.1 2000 OK",
        "HTTP/1.1 099 OK",
        "HTTP/1.1 600 OK",
        "HTTP/1.1 2xx OK",
        "HTTP/1.1  200 OK",
        "HTTP/1.1 200OK",
        "HTTP/2.0 200 OK",
        "http/1.1 200 OK",
        "ICY 200 OK",
        "<html>",
    ] {
        refused(format!("{line}\r\n\r\n"), Violation::StatusLine);
    }
    refused("HTTP/1.1 200 a\u{1}b\r\n\r\n", Violation::ControlByte);
    refused(
        "HTTP/1.1 200 OK\nContent-Length: 0\n\n",
        Violation::BareLineFeed,
    );
    refused("\r\nHTTP/1.1 200 OK\r\n\r\n", Violation::EmptyLines);
}

#[test]
fn answers_that_do_not_fit_their_status_or_request_are_refused() {
    use Violation::{
        ChunkSize, EncodingInOldVersion, InformationalFlood, LengthWithoutBody, SwitchingProtocols,
        Unsolicited,
    };
    let chunked = "Transfer-Encoding: chunked\r\n";
    let upgrade = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n";
    refused(upgrade, SwitchingProtocols);
    for status in ["100 Continue", "204 No Content"] {
        let start = format!("HTTP/1.1 {status}\r\n");
        let length = format!("{start}Content-Length: 3\r\n\r\nabc");
        refused(length, LengthWithoutBody);
        refused(format!("{start}{chunked}\r\n"), LengthWithoutBody);
    }
    let flood = "HTTP/1.1 100 Continue\r\n\r\n".repeat(17);
    refused(flood, InformationalFlood);
    let old = format!("HTTP/1.0 200 OK\r\n{chunked}\r\n");
    refused(old, EncodingInOldVersion);
    let empty = head("Content-Length: 0\r\n");
    refused(empty.clone() + "x", Unsolicited);
    refused(empty.clone() + &empty, Unsolicited);
    let unchanged = "HTTP/1.1 304 Not Modified\r\nContent-Length: 1\r\n\r\nx";
    refused(unchanged, Unsolicited);
    refused(head(chunked) + "1 \r\nx\r\n", ChunkSize);
}

#[test]
fn bytes_without_a_request_are_unsolicited() {
    let mut answers = Responses::default();
    assert!(answers.framing.is_idle());
    assert_eq!(answers.read(b"H"), Err(Violation::Unsolicited));
    assert!(!answers.framing.is_idle());
}
