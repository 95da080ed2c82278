//! The rules for requests, one line each.

use gateway_framing::{Position, RequestFraming, Violation};

/// The first violation in `bytes`; `None` if every byte is approved or waits for more.
fn violation(bytes: impl AsRef<[u8]>) -> Option<Violation> {
    RequestFraming::new().advance(bytes.as_ref()).violation
}

fn head(fields: &str) -> String {
    format!("POST /a HTTP/1.1\r\nHost: a\r\n{fields}\r\n")
}

#[track_caller]
fn accepted(bytes: impl AsRef<[u8]>) {
    let bytes = bytes.as_ref();
    let mut framing = RequestFraming::new();
    let advance = framing.advance(bytes);
    assert_eq!(advance.violation, None, "{}", bytes.escape_ascii());
    assert_eq!(advance.approved, bytes.len(), "{}", bytes.escape_ascii());
    let whole = matches!(framing.position(), Position::Between | Position::Ended);
    assert!(whole, "{}", bytes.escape_ascii());
}

#[track_caller]
fn refused(bytes: impl AsRef<[u8]>, expected: Violation) {
    let bytes = bytes.as_ref();
    assert_eq!(violation(bytes), Some(expected), "{}", bytes.escape_ascii());
}

#[test]
fn request_lines_of_every_valid_form_are_accepted() {
    for line in [
        "GET / HTTP/1.1",
        "GET /a/b?c=d&e=%20 HTTP/1.1",
        "GET /a/b HTTP/1.0",
        "OPTIONS * HTTP/1.1",
        "GET http://a/x HTTP/1.1",
        "GET HTTPS://a:1?b HTTP/1.1",
        "GET http://[::1] HTTP/1.1",
        "M-SEARCH / HTTP/1.1",
        "DELETE /a;b=c,d/(e)'!$@:+ HTTP/1.1",
    ] {
        accepted(format!("{line}\r\nHost: a\r\n\r\n"));
    }
}

#[test]
fn request_lines_of_any_other_form_are_refused() {
    use Violation::{Connect, Method, MethodTooLong, RequestLine, Target, Version};
    for (line, expected) in [
        ("GET  / HTTP/1.1", RequestLine),
        ("GET /  HTTP/1.1", RequestLine),
        ("GET / HTTP/1.1 ", RequestLine),
        (" GET / HTTP/1.1", Method),
        ("GET\t/ HTTP/1.1", RequestLine),
        ("GET /\tHTTP/1.1", RequestLine),
        ("GET /a b HTTP/1.1", RequestLine),
        ("GET /", RequestLine),
        ("GET", RequestLine),
        ("GET HTTP/1.1", RequestLine),
        ("G@T / HTTP/1.1", Method),
        ("G\u{e9}T / HTTP/1.1", Method),
        ("GET / http/1.1", RequestLine),
        ("GET / HTTP/1.10", RequestLine),
        ("GET / HTTP/01.1", RequestLine),
        ("GET / HTTP/1", RequestLine),
        ("GET / HTTP/ 1.1", RequestLine),
        ("GET / HTTPS/1.1", RequestLine),
        ("GET / HTTP/1.2", Version),
        ("GET / HTTP/0.9", Version),
        ("GET / HTTP/2.0", Version),
        ("PRI * HTTP/2.0", Version),
        ("GET /a#b HTTP/1.1", Target),
        ("GET /a\\b HTTP/1.1", Target),
        ("GET /a\"b HTTP/1.1", Target),
        ("GET /<a> HTTP/1.1", Target),
        ("GET /a\u{7f} HTTP/1.1", Violation::ControlByte),
        ("GET /a\u{1} HTTP/1.1", Violation::ControlByte),
        ("GET /a\u{0} HTTP/1.1", Violation::ControlByte),
        ("GET /\u{e4} HTTP/1.1", Target),
        ("GET /{a|b}^` HTTP/1.1", Target),
        ("GET a HTTP/1.1", Target),
        ("GET * HTTP/1.1", Target),
        ("OPTIONS *a HTTP/1.1", Target),
        ("GET a:443 HTTP/1.1", Target),
        ("GET ?a=b HTTP/1.1", Target),
        ("GET http:/a HTTP/1.1", Target),
        ("GET http:///a HTTP/1.1", Target),
        ("GET http://u@a/ HTTP/1.1", Target),
        ("GET ftp://a/ HTTP/1.1", Target),
        ("CONNECT a:443 HTTP/1.1", Connect),
        ("WAYBILL-REFUSED / HTTP/1.1", MethodTooLong),
    ] {
        refused(format!("{line}\r\nHost: a\r\n\r\n"), expected);
    }
    let long = "M".repeat(33);
    refused(
        format!("{long} / HTTP/1.1\r\nHost: a\r\n\r\n"),
        MethodTooLong,
    );
}

#[test]
fn line_ends_other_than_crlf_are_refused_as_soon_as_they_show() {
    use Violation::{BareCarriageReturn, BareLineFeed, EmptyLines};
    refused("GET / HTTP/1.1\n", BareLineFeed);
    refused("GET / HTTP/1.1\r\nHost: a\n", BareLineFeed);
    refused("GET / HTTP/1.1\r\nHost: a\r\n\n", BareLineFeed);
    refused("GET / HTTP/1.1\rH", BareCarriageReturn);
    refused("GET / HTTP/1.1\r\nHost: a\rb\r\n\r\n", BareCarriageReturn);
    refused("GET / HTTP/1.1\r\r\n", BareCarriageReturn);
    refused("GET / HTTP/1.1\r\nHost: a\r\n\rX", BareCarriageReturn);
    refused("\nGET / HTTP/1.1\r\n", BareLineFeed);
    refused("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", EmptyLines);
    accepted("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
}

#[test]
fn field_lines_that_readers_disagree_about_are_refused() {
    use Violation::{ControlByte, FieldName, FoldedField, SpaceBeforeColon};
    for (fields, expected) in [
        ("A : b\r\n", SpaceBeforeColon),
        ("A\t: b\r\n", SpaceBeforeColon),
        ("A b: c\r\n", SpaceBeforeColon),
        (" A: b\r\n", FoldedField),
        ("A: b\r\n c\r\n", FoldedField),
        ("A: b\r\n\tc\r\n", FoldedField),
        (": b\r\n", FieldName),
        ("A\r\n", FieldName),
        ("A;b: c\r\n", FieldName),
        ("A\u{0}: b\r\n", ControlByte),
        ("\u{e4}: b\r\n", FieldName),
        ("A(b): c\r\n", FieldName),
        ("A: b\u{0}c\r\n", ControlByte),
        ("A: b\u{1}c\r\n", ControlByte),
        ("A: b\u{7f}c\r\n", ControlByte),
        ("A: b\u{b}c\r\n", ControlByte),
        ("A: b\u{1b}\r\n", ControlByte),
    ] {
        refused(head(fields), expected);
    }
    accepted(head(
        "A:\r\nB: \r\nC:c\r\nD:\td\te \r\n!#$%&'*+-.^`|~0: x\r\n",
    ));
    accepted([head("").trim_end().as_bytes(), b"\r\nA: \xe4\xff\r\n\r\n"].concat());
}

#[test]
fn host_is_exactly_one_host_with_or_without_port() {
    use Violation::{Host, MissingHost, RepeatedHost};
    let with = |value: &str| format!("GET / HTTP/1.1\r\nHost:{value}\r\n\r\n");
    for value in [
        " a",
        "a",
        " a.b-c.d",
        " a:1",
        " a:65535",
        " 127.0.0.1:80",
        " [::1]",
        " [::1]:8",
        " a_b\t",
    ] {
        accepted(with(value));
    }
    for value in [
        "",
        " ",
        " a b",
        " a,b",
        " u@a",
        " a/",
        " a?b",
        " a#b",
        " http://a",
        " :80",
        " a:",
        " a:b",
        " a:65536",
        " a:000080",
        " a:1:2",
        " [::1",
        " ::1",
        " []",
        " [::1]x",
        " [::g]",
        " [fe80::1%25eth0]",
        " a%2eb",
        " \u{e4}",
        " a;b",
        " a\"",
        " [::1]:",
        " a:+1",
        " a\\b",
    ] {
        refused(with(value), Host);
    }
    refused("GET / HTTP/1.1\r\n\r\n", MissingHost);
    refused("GET / HTTP/1.0\r\n\r\n", MissingHost);
    refused("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", RepeatedHost);
    refused("GET / HTTP/1.1\r\nHost: a\r\nhOST: b\r\n\r\n", RepeatedHost);
}

#[test]
fn content_length_is_one_plain_number() {
    use Violation::{ContentLength, RepeatedContentLength};
    for value in [
        "",
        " ",
        "+1",
        "-1",
        "01",
        "00",
        "0x1",
        "1,1",
        "1, 1",
        "1 1",
        "1.0",
        "1e1",
        "\u{661}",
        "1;",
        "a",
        "18446744073709551616",
        "9223372036854775808",
        "99999999999999999999999",
    ] {
        refused(head(&format!("Content-Length: {value}\r\n")), ContentLength);
    }
    refused(
        head("Content-Length: 1\r\nContent-Length: 1\r\n"),
        RepeatedContentLength,
    );
    refused(
        head("Content-Length: 1\r\ncontent-length: 2\r\n"),
        RepeatedContentLength,
    );
    accepted(head("Content-Length: 0\r\n"));
    accepted(head("content-LENGTH:\t3 \r\n") + "abc");
    assert_eq!(
        violation(head("Content-Length: 9223372036854775807\r\n")),
        None
    );
}

#[test]
fn transfer_encoding_is_chunked_alone_and_without_a_length() {
    use Violation::{
        EncodingInOldVersion, LengthAndEncoding, RepeatedTransferEncoding, TransferEncoding,
        UnknownTransferCoding,
    };
    for (value, expected) in [
        ("", TransferEncoding),
        ("xchunked", TransferEncoding),
        ("chunked, chunked", TransferEncoding),
        (",chunked", TransferEncoding),
        ("chunked,", TransferEncoding),
        ("chunked, identity", TransferEncoding),
        ("identity, chunked", TransferEncoding),
        ("\"chunked\"", TransferEncoding),
        ("chunked;q=1", TransferEncoding),
        ("chunk", TransferEncoding),
        ("gzip", TransferEncoding),
        ("chunked gzip", TransferEncoding),
        ("\u{a0}chunked", TransferEncoding),
        ("gzip, chunked", UnknownTransferCoding),
        ("gzip, deflate, chunked", UnknownTransferCoding),
    ] {
        refused(head(&format!("Transfer-Encoding: {value}\r\n")), expected);
    }
    let chunked = "Transfer-Encoding: chunked\r\n";
    refused(
        head(&format!("{chunked}{chunked}")),
        RepeatedTransferEncoding,
    );
    refused(
        head(&format!("{chunked}Content-Length: 1\r\n")),
        LengthAndEncoding,
    );
    refused(
        head(&format!("Content-Length: 0\r\n{chunked}")),
        LengthAndEncoding,
    );
    refused(
        format!("POST / HTTP/1.0\r\nHost: a\r\n{chunked}\r\n"),
        EncodingInOldVersion,
    );
    accepted(head("transfer-ENCODING:\tChunked \r\n") + "0\r\n\r\n");
}

#[test]
fn names_that_imitate_protected_fields_are_refused() {
    for name in [
        "Content_Length",
        "Transfer_Encoding",
        "TRANSFER_encoding",
        "Proxy_Authorization",
        "X_Forwarded_For",
        "X-Forwarded_User",
        "Waybill_Account",
        "x_api_key",
        "_Authorization",
        "Host_",
        "__Cookie__",
        "Keep_Alive",
        "X_Api-Key",
    ] {
        refused(head(&format!("{name}: 1\r\n")), Violation::ImitatedField);
    }
    accepted(head(
        "my_own_field: 1\r\n_: 1\r\nX_Request_Id: 1\r\nAuthorization: x\r\n",
    ));
}

#[test]
fn expectations_other_than_one_100_continue_are_refused() {
    for fields in [
        "Expect: 200-ok\r\n",
        "Expect:\r\n",
        "Expect: 100-continue, x\r\n",
        "Expect: 100-continue\r\nExpect: 100-continue\r\n",
    ] {
        refused(head(fields), Violation::Expectation);
    }
    accepted(head("Expect: 100-Continue\r\n"));
}

#[test]
fn heads_over_their_bounds_are_refused_before_they_are_whole() {
    let path = |length: usize| {
        format!(
            "GET /{} HTTP/1.1\r\nHost: a\r\n\r\n",
            "a".repeat(length - 1)
        )
    };
    accepted(path(8192));
    refused(path(8193), Violation::TargetTooLong);
    refused("A".repeat(9000), Violation::TargetTooLong);
    refused(
        format!("GET /{}", "a".repeat(9000)),
        Violation::TargetTooLong,
    );
    let fields = |count| head(&"A: b\r\n".repeat(count));
    accepted(fields(99));
    refused(fields(100), Violation::TooManyFields);
    let exactly = |bytes: usize| {
        let empty = head("A: \r\n").len();
        head(&format!("A: {}\r\n", "b".repeat(bytes - empty)))
    };
    accepted(exactly(65536));
    refused(exactly(65537), Violation::HeadTooLarge);
    refused(&exactly(80000)[..65536], Violation::HeadTooLarge);
    assert_eq!(
        violation(&exactly(80000)[..65535]),
        None,
        "still time for a line end"
    );
}

fn chunked(body: &str) -> String {
    head("Transfer-Encoding: chunked\r\n") + body
}

#[test]
fn chunked_bodies_of_every_valid_form_are_accepted() {
    for body in [
        "0\r\n\r\n",
        "000\r\n\r\n",
        "3\r\nabc\r\n0\r\n\r\n",
        "0000000000000003\r\nabc\r\nA\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n",
        "3;a\r\nabc\r\n0;b=c\r\n\r\n",
        "3;a=\"b;\\\"c\";d\r\nabc\r\n0\r\n\r\n",
        "0\r\nA: b\r\nC:\r\n\r\n",
    ] {
        accepted(chunked(body));
    }
}

#[test]
fn chunked_bodies_of_any_other_form_are_refused() {
    use Violation::{BareCarriageReturn, ChunkEnd, ChunkExtension, ChunkSize, Trailer};
    for (body, expected) in [
        ("\r\n", ChunkSize),
        ("x\r\n", ChunkSize),
        ("0x3\r\nabc\r\n", ChunkSize),
        ("+3\r\nabc\r\n", ChunkSize),
        ("-1\r\n", ChunkSize),
        (" 3\r\nabc\r\n", ChunkSize),
        ("3 \r\nabc\r\n", ChunkSize),
        ("3\t;a\r\nabc\r\n", ChunkSize),
        ("3_0\r\n", ChunkSize),
        ("3\nabc\r\n", ChunkSize),
        ("3.0\r\n", ChunkSize),
        (";a\r\n", ChunkSize),
        ("00000000000000003\r\nabc\r\n", ChunkSize),
        ("FFFFFFFFFFFFFFFF\r\n", ChunkSize),
        ("8000000000000000\r\n", ChunkSize),
        ("10000000000000003\r\n", ChunkSize),
        ("3\rabc\r\n", BareCarriageReturn),
        ("3\r\r\nabc\r\n", BareCarriageReturn),
        ("3;\r\nabc\r\n", ChunkExtension),
        ("3; a\r\nabc\r\n", ChunkExtension),
        ("3;a =b\r\nabc\r\n", ChunkExtension),
        ("3;a=\r\nabc\r\n", ChunkExtension),
        ("3;a\nabc\r\n", ChunkExtension),
        ("3;a\u{0}\r\nabc\r\n", ChunkExtension),
        ("3;a=\"b\r\nabc\r\n", ChunkExtension),
        ("3;a=\"b\"c\r\nabc\r\n", ChunkExtension),
        ("3\r\nabcd\r\n", ChunkEnd),
        ("3\r\nabc\n", ChunkEnd),
        ("3\r\nabc0\r\n", ChunkEnd),
        ("3\r\nabc\rX", ChunkEnd),
        ("0\r\nA b\r\n", Trailer),
        ("0\r\n A: b\r\n", Trailer),
        ("0\r\nA : b\r\n", Trailer),
        ("0\r\n: b\r\n", Trailer),
        ("0\r\nA: b\n", Trailer),
        ("0\r\nA: b\rc", Trailer),
        ("0\r\nA: b\u{0}\r\n", Trailer),
        ("0\r\nA\r\n", Trailer),
        ("0\r\n\n", Trailer),
        ("0\r\n\rX", Trailer),
    ] {
        refused(chunked(body), expected);
    }
}

#[test]
fn chunk_extensions_and_trailers_are_bounded() {
    let extension = |length: usize| chunked(&format!("0;{}\r\n\r\n", "a".repeat(length)));
    accepted(extension(255));
    refused(extension(256), Violation::ChunkExtension);
    let each = format!("1;{}\r\nx\r\n", "a".repeat(127));
    refused(chunked(&each.repeat(33)), Violation::ChunkExtension);
    assert_eq!(violation(chunked(&each.repeat(31))), None);
    let trailers = |count| chunked(&format!("0\r\n{}\r\n", "A: b\r\n".repeat(count)));
    accepted(trailers(32));
    refused(trailers(33), Violation::TrailersTooLarge);
    refused(
        chunked(&format!("0\r\nA: {}", "b".repeat(9000))),
        Violation::TrailersTooLarge,
    );
}

#[test]
fn what_follows_a_body_is_the_next_head() {
    let mut framing = RequestFraming::new();
    let first = head("Content-Length: 3\r\n") + "abc";
    let bytes = format!("{first}{}{}", chunked("3\r\nabc\r\n0\r\n\r\n"), "GET / HT");
    let advance = framing.advance(bytes.as_bytes());
    assert_eq!(advance.approved, bytes.len() - "GET / HT".len());
    assert_eq!((framing.heads(), framing.position()), (2, Position::Head));
    // Nothing behind a violation is looked at, however valid.
    let advance = framing.advance(b"GET / HT\n");
    assert_eq!(
        (advance.approved, advance.violation),
        (0, Some(Violation::BareLineFeed))
    );
    let advance = framing.advance(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(
        (advance.approved, advance.violation),
        (0, Some(Violation::BareLineFeed))
    );
}

#[test]
fn nothing_is_approved_behind_the_last_request_of_a_connection() {
    let next = "GET /next HTTP/1.1\r\nHost: a\r\n\r\n";
    for (last, version, connection) in [
        (true, "1.0", ""),
        (true, "1.0", "Connection: close\r\n"),
        (false, "1.0", "Connection: Keep-Alive\r\n"),
        (false, "1.0", "Connection: x ,\tkeep-alive\r\n"),
        (true, "1.0", "Connection: keep-alive, close\r\n"),
        (
            true,
            "1.0",
            "Connection: close\r\nConnection: keep-alive\r\n",
        ),
        (
            true,
            "1.0",
            "Connection: keep-alive\r\nConnection: close\r\n",
        ),
        (false, "1.1", ""),
        (false, "1.1", "Connection: keep-alive\r\n"),
        (false, "1.1", "Connection:\r\n"),
        (true, "1.1", "Connection: close\r\n"),
        (true, "1.1", "connection:CLOSE\r\n"),
        (true, "1.1", "Connection: keep-alive, close\r\n"),
        (true, "1.1", "Connection: ,x,,\tclose ,\r\n"),
        (true, "1.1", "Connection: a\r\nConnection: close\r\n"),
        (false, "1.1", "Connection: closed\r\n"),
        (false, "1.1", "Connection: a close\r\n"),
        (false, "1.1", "Connection: close;a\r\n"),
        (false, "1.1", "Connection: \"close\"\r\n"),
        (false, "1.1", "Proxy-Connection: close\r\n"),
        (false, "1.1", "Keep-Alive: close\r\n"),
        // hyper ignores a value that is not visible ASCII as a whole.
        (false, "1.1", "Connection: close, \u{e4}\r\n"),
    ] {
        for body in ["\r\n", "Content-Length: 3\r\n\r\nabc"] {
            let first = format!("POST /a HTTP/{version}\r\nHost: a\r\n{connection}{body}");
            let bytes = first.clone() + next;
            let mut framing = RequestFraming::new();
            let advance = framing.advance(bytes.as_bytes());
            let expected = match last {
                true => (first.len(), None, Position::Ended),
                false => (bytes.len(), None, Position::Between),
            };
            let found = (advance.approved, advance.violation, framing.position());
            assert_eq!(found, expected, "{first:?}");
            // Not even what would be a violation, and not in a later read either.
            let later = framing.advance(if last { b"\0" } else { next.as_bytes() });
            assert_eq!(later.violation, None, "{first:?}");
            assert_eq!(later.approved == 0, last, "{first:?}");
        }
    }
}
