//! One connection and a server that writes what a test tells it to.

use super::{Connection, Http1Error, RequestHead, Stream, head};
use crate::{
    fields::{Fields, LastNames},
    message::Response,
    upstream::body::RequestBody,
};
use bytes::Bytes;
use gateway_framing::{FieldSpans, ResponseFraming, ResponsePart, Violation, limits::Bounds};
use http::{HeaderName, HeaderValue, Method, header, uri::PathAndQuery};
use proptest::prelude::*;
use std::future::poll_fn;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

async fn pair() -> (Connection, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let stream = TcpStream::connect(listener.local_addr().unwrap());
    let (stream, accepted) = tokio::join!(stream, listener.accept());
    let connection = Connection::new(Stream::Plain(stream.unwrap()), Bounds::default());
    (connection, accepted.unwrap().0)
}

fn begin(connection: &mut Connection, method: Method, fields: &Fields, body: RequestBody) {
    let head = RequestHead {
        method: &method,
        target: &PathAndQuery::from_static("/a?b"),
        fields,
        added: &[
            (header::COOKIE, HeaderValue::from_static("ours")),
            (header::COOKIE, HeaderValue::from_static("last")),
        ],
        traceparent: None,
    };
    connection.begin(head, body);
}

fn get(connection: &mut Connection) {
    begin(connection, Method::GET, &Fields::new(), RequestBody::Empty);
}

async fn head_of(connection: &mut Connection) -> Result<Response<()>, Http1Error> {
    poll_fn(|cx| connection.poll_head(cx)).await
}

async fn content_of(connection: &mut Connection) -> Result<Vec<u8>, Http1Error> {
    let mut content = Vec::new();
    while let Some(piece) = poll_fn(|cx| connection.poll_content(cx)).await {
        content.extend_from_slice(&piece?);
    }
    Ok(content)
}

async fn receive(server: &mut TcpStream) -> String {
    let mut bytes = [0; 1024];
    let count = server.read(&mut bytes).await.unwrap();
    String::from_utf8_lossy(&bytes[..count]).into_owned()
}

#[tokio::test]
async fn a_request_goes_out_in_one_piece_and_its_answer_is_read_whole() {
    let (mut connection, mut server) = pair().await;
    let mut fields = Fields::new();
    fields.extend([
        (header::COOKIE, HeaderValue::from_static("theirs")),
        (header::HOST, HeaderValue::from_static("h")),
    ]);
    let body = RequestBody::Whole(Some(Bytes::from_static(b"xyz")));
    begin(&mut connection, Method::POST, &fields, body);
    server
        .write_all(b"HTTP/1.1 100 Continue\r\nA: b\r\n\r\nHTTP/1.1 201 Made\r\nX-A:  b \r\nx-a: c\r\ncontent-length: 5\r\n\r\nhello")
        .await
        .unwrap();
    let answer = head_of(&mut connection).await.unwrap();
    let sent = receive(&mut server).await;
    assert_eq!(
        sent,
        "POST /a?b HTTP/1.1\r\nhost: h\r\ncookie: last\r\ncontent-length: 3\r\n\r\nxyz"
    );
    assert_eq!(answer.status, 201);
    let name = HeaderName::from_static("x-a");
    let values: Vec<_> = answer.fields.get_all(&name).collect();
    assert_eq!(values, ["b", "c"]);
    assert_eq!(
        answer.fields.len(),
        3,
        "of the interim answer there is nothing"
    );
    assert_eq!(connection.left(), Some(5));
    assert_eq!(content_of(&mut connection).await.unwrap(), b"hello");
    assert!(connection.is_answered() && connection.is_reusable() && connection.is_quiet());
}

#[tokio::test]
async fn chunks_are_joined_and_trailers_end_here() {
    let (mut connection, mut server) = pair().await;
    get(&mut connection);
    server
        .write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2;a=b\r\nab\r\n1\r\nc\r\n0\r\nT: u\r\n\r\n")
        .await
        .unwrap();
    head_of(&mut connection).await.unwrap();
    assert_eq!(connection.left(), None);
    assert_eq!(content_of(&mut connection).await.unwrap(), b"abc");
    assert!(connection.is_reusable());
}

/// One GET, and the content of its answer, which the server writes in these parts.
async fn exchange(connection: &mut Connection, server: &mut TcpStream, parts: &[&[u8]]) -> Vec<u8> {
    let asked = async {
        get(connection);
        head_of(connection).await.unwrap();
        content_of(connection).await.unwrap()
    };
    let answering = async {
        receive(server).await;
        for part in parts {
            server.write_all(part).await.unwrap();
            // Mostly long enough for the part to be read by itself; the result is the same if it is not.
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    tokio::join!(asked, answering).0
}

/// After a long answer the next one is read into a large buffer, whatever it turns out to be and however it is cut.
#[tokio::test]
async fn answer_after_a_long_one_is_read_with_its_head() {
    let long = "x".repeat(70_000);
    let whole = format!("HTTP/1.1 200 OK\r\ncontent-length: 70000\r\n\r\n{long}");
    let chunk = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    let (first, second) = (&long[..30_000], &long[..40_000]);
    let chunks = format!("{chunk}7530\r\n{first}\r\n9c40\r\n{second}\r\n0\r\n\r\n");
    let interim = format!("HTTP/1.1 103 Hints\r\nA: {}\r\n\r\n{whole}", &long[..9000]);
    let short = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nab".to_owned();
    for (answer, content) in [
        (&whole, long.as_str()),
        (&chunks, &long),
        (&interim, &long),
        (&short, "ab"),
    ] {
        // In a head, in a chunk's size, in content, and a byte before the end.
        for cut in [0, 20, 30_051, 40_000, answer.len() - 1] {
            let (mut connection, mut server) = pair().await;
            let got = exchange(&mut connection, &mut server, &[whole.as_bytes()]).await;
            assert!(got == long.as_bytes());
            let (head, rest) = answer.as_bytes().split_at(cut.min(answer.len()));
            let got = exchange(&mut connection, &mut server, &[head, rest]).await;
            let what = &answer[..20];
            assert!(got == content.as_bytes(), "{what}, {cut}: {}", got.len());
            assert!(connection.is_reusable(), "{what}, {cut}");
        }
    }
}

/// What follows an answer that was read with its head is noticed.
#[tokio::test]
async fn bytes_behind_an_answer_that_was_read_with_its_head_end_the_connection() {
    let (mut connection, mut server) = pair().await;
    let content = "x".repeat(50_000);
    let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: 50000\r\n\r\n{content}");
    for (more, usable) in [("", true), ("HTTP/1.1 200 OK\r\n", false)] {
        let sent = format!("{answer}{more}");
        let got = exchange(&mut connection, &mut server, &[sent.as_bytes()]).await;
        assert_eq!(got.len(), 50_000);
        let is_usable = connection.is_reusable() && connection.is_quiet();
        assert_eq!(is_usable, usable, "{more}");
    }
}

#[tokio::test]
async fn what_the_server_announces_or_does_ends_the_connection() {
    for answer in [
        "HTTP/1.1 200 OK\r\nConnection: Foo , CLOSE\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.0 200 OK\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\nHTTP/1.1 200 OK\r\n",
    ] {
        let (mut connection, mut server) = pair().await;
        get(&mut connection);
        server.write_all(answer.as_bytes()).await.unwrap();
        head_of(&mut connection).await.unwrap();
        assert_eq!(content_of(&mut connection).await.unwrap(), b"");
        assert!(!connection.is_reusable(), "{answer}");
    }
}

#[tokio::test]
async fn only_an_answer_that_says_no_length_ends_with_its_connection() {
    for (answer, whole) in [
        ("HTTP/1.1 200 OK\r\n\r\nabc", true),
        ("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nabc", false),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n",
            false,
        ),
    ] {
        let (mut connection, mut server) = pair().await;
        get(&mut connection);
        server.write_all(answer.as_bytes()).await.unwrap();
        server.shutdown().await.unwrap();
        head_of(&mut connection).await.unwrap();
        assert_eq!(content_of(&mut connection).await.is_ok(), whole, "{answer}");
        assert!(!connection.is_reusable());
    }
}

#[tokio::test]
async fn an_unused_connection_that_was_closed_or_spoke_is_not_quiet() {
    for speaks in [false, true] {
        let (mut connection, mut server) = pair().await;
        assert!(connection.is_quiet());
        if speaks {
            server.write_all(b"H").await.unwrap();
        } else {
            drop(server);
        }
        // Until the runtime has heard of it.
        while connection.is_quiet() {
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test]
async fn a_body_that_was_not_sent_is_given_back() {
    let (mut connection, server) = pair().await;
    let body = Bytes::from_static(b"xyz");
    begin(
        &mut connection,
        Method::POST,
        &Fields::new(),
        RequestBody::Whole(Some(body)),
    );
    if let Stream::Plain(stream) = &mut connection.stream {
        stream.shutdown().await.unwrap();
    }
    assert!(matches!(
        head_of(&mut connection).await,
        Err(Http1Error::Lost(_))
    ));
    drop(server);
    let unsent = connection.unsent().unwrap();
    assert_eq!(unsent.pieces().unwrap(), [Bytes::from_static(b"xyz")]);
}

#[tokio::test]
async fn after_the_first_byte_nothing_is_given_back() {
    let (mut connection, server) = pair().await;
    get(&mut connection);
    tokio::join!(
        async { assert!(head_of(&mut connection).await.is_err()) },
        async { drop(server) }
    );
    assert!(connection.unsent().is_none());
}

#[tokio::test]
async fn what_is_no_answer_is_told() {
    let (mut connection, mut server) = pair().await;
    get(&mut connection);
    server
        .write_all(b"HTTP/1.1 200 OK\r\nA : b\r\n\r\n")
        .await
        .unwrap();
    let failure = head_of(&mut connection).await.unwrap_err();
    assert!(matches!(
        failure,
        Http1Error::Malformed(Violation::SpaceBeforeColon)
    ));
}

proptest! {
    #![proptest_config(tests_kit::properties(256))]

    #[test]
    fn fields_are_those_that_httparse_finds(
        fields in prop::collection::vec(("[a-zA-Z!#$%&'*+.^_`|~0-9-]{1,20}", "[ \t]{0,2}", "[\\x21-\\x7e\\u{80}-\\u{ff}\t ]{0,20}"), 0..20),
    ) {
        let framing_names = ["content-length", "transfer-encoding", "connection"];
        prop_assume!(fields.iter().all(|(name, ..)| !framing_names.contains(&name.to_ascii_lowercase().as_str())));
        let lines: String = fields.iter().map(|(name, space, value)| format!("{name}:{space}{value}\r\n")).collect();
        let bytes = Bytes::from(format!("HTTP/1.1 200 OK\r\n{lines}\r\n"));
        let mut framing = ResponseFraming::new();
        framing.begin(false);
        let mut spans = FieldSpans::default();
        let Ok(ResponsePart::Head(found)) = framing.next(&bytes, &mut spans) else {
            return Err(TestCaseError::fail("no head"));
        };
        let mut parsed = [httparse::EMPTY_HEADER; 32];
        let mut theirs = httparse::Response::new(&mut parsed);
        prop_assert_eq!(theirs.parse(&bytes).unwrap(), httparse::Status::Complete(found.length));
        let expected: Vec<_> = theirs.headers.iter().map(|field| {
            let name = HeaderName::from_bytes(field.name.as_bytes()).unwrap();
            // httparse keeps the white space behind a value.
            (name, HeaderValue::from_bytes(field.value.trim_ascii_end()).unwrap())
        }).collect();
        // Again with the names of the first time, which the second takes over.
        let mut names = LastNames::default();
        for _ in 0..2 {
            let (answer, last) = head::assemble(found, &bytes, spans.as_slice(), &mut names).unwrap();
            prop_assert!(!last);
            prop_assert!(answer.fields.iter().eq(&expected));
        }
    }
}
