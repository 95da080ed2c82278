//! What the guard accepts, httparse and hyper frame alike; what they would misread, it refuses.

use std::cell::RefCell;
use std::convert::Infallible;
use std::rc::Rc;

use gateway_framing::{Position, RequestFraming};
use http_body_util::{BodyExt, Full};
use hyper::{Request, Response, body::Bytes, body::Incoming, service::service_fn};
use proptest::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// A request as a reader saw it.
type Seen = (String, String, Vec<u8>);

/// What hyper alone, without a guard, makes of `bytes`: the requests it served whole.
async fn hyper_reads(bytes: Vec<u8>) -> Vec<Seen> {
    let (mut client, server) = tokio::io::duplex(1 << 20);
    let seen = Rc::new(RefCell::new(Vec::new()));
    let log = Rc::clone(&seen);
    let service = service_fn(move |request: Request<Incoming>| {
        let log = Rc::clone(&log);
        async move {
            let (head, body) = request.into_parts();
            let status = match body.collect().await {
                Ok(body) => {
                    let body = body.to_bytes().to_vec();
                    log.borrow_mut()
                        .push((head.method.to_string(), head.uri.to_string(), body));
                    200
                }
                Err(_) => 400,
            };
            let answer = Response::builder()
                .status(status)
                .body(Full::<Bytes>::default());
            Ok::<_, Infallible>(answer.expect("a valid answer"))
        }
    });
    client
        .write_all(&bytes)
        .await
        .expect("the pipe is large enough");
    client.shutdown().await.expect("the pipe is open");
    let serve = hyper::server::conn::http1::Builder::new()
        .half_close(true)
        .serve_connection(hyper_util::rt::TokioIo::new(server), service);
    let mut answers = Vec::new();
    let (served, read) = tokio::join!(serve, client.read_to_end(&mut answers));
    drop((served, read));
    seen.take()
}

/// What the guard alone makes of `bytes`: a plain reader on what it approved, by its own lengths.
fn guard_reads(bytes: &[u8]) -> (Vec<(usize, usize)>, usize, Position) {
    // One byte more each time: a head is approved at the very byte that completes it.
    let mut framing = RequestFraming::new();
    let (mut start, mut heads, mut spans) = (0, 0, Vec::new());
    for end in 1..=bytes.len() {
        let advance = framing.advance(&bytes[start..end]);
        start += advance.approved;
        if framing.heads() > heads {
            heads = framing.heads();
            spans.push((end, end));
        }
        if let Some(last) = spans.last_mut()
            && advance.approved > 0
        {
            last.1 = start;
        }
        if advance.violation.is_some() {
            break;
        }
    }
    (spans, start, framing.position())
}

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

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// Valid requests in a row: the guard approves every byte, httparse ends each head where the
    /// guard does, and hyper serves exactly these requests with these bodies.
    #[test]
    fn valid_requests_are_framed_as_hyper_and_httparse_frame_them(
        requests in prop::collection::vec(request(), 1..5),
    ) {
        let stream: Vec<u8> = requests.iter().flat_map(|(bytes, _)| bytes.clone()).collect();
        let (spans, approved, position) = guard_reads(&stream);
        prop_assert_eq!((approved, position), (stream.len(), Position::Between));
        prop_assert_eq!(spans.len(), requests.len());
        let mut start = 0;
        for ((head_end, end), (bytes, _)) in spans.iter().zip(&requests) {
            prop_assert_eq!(*end, start + bytes.len());
            let mut fields = [httparse::EMPTY_HEADER; 100];
            let parsed = httparse::Request::new(&mut fields).parse(&stream[start..]);
            prop_assert_eq!(parsed, Ok(httparse::Status::Complete(head_end - start)));
            start = *end;
        }
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let seen = runtime.block_on(hyper_reads(stream));
        let bodies: Vec<_> = seen.into_iter().map(|(_, _, body)| body).collect();
        let sent: Vec<_> = requests.into_iter().map(|(_, content)| content).collect();
        prop_assert_eq!(bodies, sent);
    }

    /// One byte of such a row is changed, removed or added. Whatever the guard then approves up to
    /// a message end, hyper reads as the same number of requests.
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
        let (spans, approved, position) = guard_reads(&stream);
        let whole = spans.len() - usize::from(position == Position::Body);
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let seen = runtime.block_on(hyper_reads(stream[..approved].to_vec()));
        prop_assert_eq!(seen.len(), whole, "{}", stream[..approved].escape_ascii());
    }
}

/// Each of these is read by hyper, one way or another; none of them gets that far (H2).
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
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .expect("a runtime");
        let seen = runtime.block_on(hyper_reads(bytes.as_bytes().to_vec()));
        assert_eq!(seen.len(), 1, "hyper alone takes {}", bytes.escape_debug());
        let advance = RequestFraming::new().advance(bytes.as_bytes());
        assert!(
            advance.violation.is_some(),
            "the guard takes {}",
            bytes.escape_debug()
        );
    }
}
