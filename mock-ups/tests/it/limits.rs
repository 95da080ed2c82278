//! Huge, malformed and slow input; stopping.

use std::time::Duration;

use mock_ups::{Action, Fault, MockUps};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::client::{post, shop, token, token_request};

#[tokio::test]
async fn body_over_one_mebibyte_is_refused_and_one_below_is_read() {
    let ups = MockUps::start().await.unwrap();
    let base = ups.base_url();
    let token = token(&base).await;
    let with = |bytes: usize| {
        post(format!("{base}/api/rating/v2409/Shop"))
            .bearer(&token)
            .body(vec![b' '; bytes])
    };
    let refused = with(1024 * 1024 + 1).send().await;
    assert_eq!(refused.status, 413);
    assert_eq!(refused.header("connection"), "close");
    assert_ne!(with(1024 * 1024).send().await.status, 413);
}

/// A client that sends all of its body before it reads: the answer must not be lost in a reset.
#[tokio::test]
async fn client_that_reads_late_still_gets_the_413() {
    const BODY: usize = 12 * 1024 * 1024;
    let ups = MockUps::start().await.unwrap();
    let sized = format!("content-length: {BODY}\r\n\r\n").into_bytes();
    let mut chunked = format!("transfer-encoding: chunked\r\n\r\n{BODY:x}\r\n").into_bytes();
    chunked.reserve(16);
    for head in [sized, chunked] {
        let mut stream = TcpStream::connect(ups.address()).await.unwrap();
        let start = b"POST /api/rating/v2409/Shop HTTP/1.1\r\nhost: a\r\n";
        stream.write_all(start).await.unwrap();
        stream.write_all(&head).await.unwrap();
        for _ in 0..BODY / 65_536 {
            stream.write_all(&[b' '; 65_536]).await.unwrap();
        }
        let mut answer = Vec::new();
        let read = stream.read_to_end(&mut answer);
        let read = tokio::time::timeout(Duration::from_secs(10), read).await;
        read.expect("no hang").expect("no reset");
        let answer = String::from_utf8_lossy(&answer);
        assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
        assert!(answer.contains("10013"), "{answer}");
    }
}

/// The time for that is bounded, too: a client that neither sends nor ends is left.
#[tokio::test(start_paused = true)]
async fn refused_body_that_never_ends_is_left_in_the_end() {
    let ups = MockUps::start().await.unwrap();
    let mut stream = TcpStream::connect(ups.address()).await.unwrap();
    let head = b"POST /api/x HTTP/1.1\r\nhost: a\r\ncontent-length: 9999999\r\n\r\n";
    stream.write_all(head).await.unwrap();
    let answer = read_to_end(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    ups.stop().await;
    // Writing fails once the other side has gone.
    let gone = async { while stream.write_all(&[0; 65_536]).await.is_ok() {} };
    let gone = tokio::time::timeout(Duration::from_secs(60), gone).await;
    gone.expect("the connection has ended");
}

async fn raw(ups: &MockUps, bytes: &[u8], then_half_close: bool) -> String {
    let mut stream = TcpStream::connect(ups.address()).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    if then_half_close {
        stream.shutdown().await.unwrap();
    }
    let mut answer = Vec::new();
    let read = stream.read_to_end(&mut answer);
    let _ = tokio::time::timeout(Duration::from_secs(10), read)
        .await
        .expect("no hang");
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn malformed_http_neither_kills_nor_hangs_the_mock() {
    let ups = MockUps::start().await.unwrap();
    let long = format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(300_000));
    let hostile: [&[u8]; 7] = [
        b"",
        b"\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST /api/x HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\nab",
        b"POST /api/x HTTP/1.1\r\nhost: a\r\ncontent-length: x\r\n\r\n",
        b"\x16\x03\x01\x00\xff\x01",
        long.as_bytes(),
    ];
    for bytes in hostile {
        raw(&ups, bytes, true).await;
    }
    assert_eq!(token_request(&ups.base_url()).send().await.status, 200);
}

#[tokio::test]
async fn a_head_that_cannot_be_read_is_refused_in_the_envelope() {
    let ups = MockUps::start().await.unwrap();
    let long = format!("GET /{} HTTP/1.1\r\nhost: a\r\n\r\n", "a".repeat(300_000));
    for (head, status) in [
        (
            &b"GET /api/track/v1/details/1Z?a=\x01 HTTP/1.1\r\nhost: a\r\n\r\n"[..],
            "400",
        ),
        (
            b"GET /api/track/v1/details/1Z?a=b c HTTP/1.1\r\nhost: a\r\n\r\n",
            "400",
        ),
        (long.as_bytes(), "4"),
    ] {
        let answer = raw(&ups, head, false).await;
        let start = format!("HTTP/1.1 {status}");
        assert!(answer.starts_with(&start), "{answer}");
        assert!(answer.contains("\"code\":\"10001\""), "{answer}");
    }
}

/// Reads one answer that has a length, and leaves the connection open.
async fn read_one(stream: &mut TcpStream) -> String {
    let mut answer = String::new();
    let mut piece = [0; 4096];
    loop {
        let length = stream.read(&mut piece).await.unwrap();
        answer.push_str(&String::from_utf8_lossy(&piece[..length]));
        let end = answer.split_once("\r\n\r\n");
        let field = |head: &str| {
            let lines = head.lines().map(str::to_ascii_lowercase);
            let mut lengths =
                lines.filter_map(|line| line.strip_prefix("content-length: ").map(str::to_owned));
            lengths.next().and_then(|length| length.parse().ok())
        };
        match end.map(|(head, body)| (field(head), body.len())) {
            Some((Some(wanted), got)) if got >= wanted => return answer,
            _ => assert!(length > 0, "{answer}"),
        }
    }
}

/// After two seconds a quiet connection gives its buffers back, and keeps the beginning of a head. By the real
/// clock: a paused one jumps over the time in which the socket's bytes arrive.
#[tokio::test]
async fn a_connection_that_was_parked_serves_further_requests_and_ends_with_the_mock() {
    let ups = MockUps::start().await.unwrap();
    let mut stream = TcpStream::connect(ups.address()).await.unwrap();
    let request = b"GET /x HTTP/1.1\r\nhost: a\r\n\r\n";
    for split in [0, 7] {
        stream.write_all(&request[..split]).await.unwrap();
        tokio::time::sleep(Duration::from_secs(4)).await;
        stream.write_all(&request[split..]).await.unwrap();
        let answer = read_one(&mut stream).await;
        assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
    }
    tokio::time::sleep(Duration::from_secs(4)).await;
    ups.stop().await;
    assert_eq!(stream.read(&mut [0; 16]).await.unwrap(), 0);
}

/// More than two sweeps: each new connection may park those before it.
#[tokio::test]
async fn connections_that_come_at_once_serve_further_requests() {
    let ups = MockUps::start().await.unwrap();
    let request = b"GET /x HTTP/1.1\r\nhost: a\r\n\r\n";
    let mut streams = Vec::new();
    for _ in 0..300 {
        let mut stream = TcpStream::connect(ups.address()).await.unwrap();
        stream.write_all(request).await.unwrap();
        let answer = read_one(&mut stream).await;
        assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
        streams.push(stream);
    }
    for stream in &mut streams {
        stream.write_all(&request[..7]).await.unwrap();
    }
    for stream in &mut streams {
        stream.write_all(&request[7..]).await.unwrap();
        let answer = read_one(stream).await;
        assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
    }
}

/// A sweep must not take a connection away from a fault or a farewell that goes on after the answer.
#[tokio::test]
async fn connections_that_come_at_once_leave_a_reset_alone() {
    let ups = MockUps::start().await.unwrap();
    let _midway = ups
        .add_fault(Fault::new(Action::ResetMidway).path("/cut"))
        .unwrap();
    let mut others = Vec::new();
    for _ in 0..3 {
        let mut cut = TcpStream::connect(ups.address()).await.unwrap();
        let request = b"GET /api/cut HTTP/1.1\r\nhost: a\r\n\r\n";
        cut.write_all(request).await.unwrap();
        for _ in 0..200 {
            let mut other = TcpStream::connect(ups.address()).await.unwrap();
            let request = b"GET /x HTTP/1.1\r\nhost: a\r\n\r\n";
            other.write_all(request).await.unwrap();
            read_one(&mut other).await;
            others.push(other);
        }
        let mut answer = Vec::new();
        let end = tokio::time::timeout(Duration::from_secs(20), cut.read_to_end(&mut answer));
        assert!(end.await.expect("it ends").is_err(), "{answer:?}");
    }
}

#[tokio::test]
async fn chunked_body_in_many_pieces_is_put_together() {
    let ups = MockUps::start().await.unwrap();
    let mut request = b"POST /security/v1/oauth/token HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\
        authorization: Basic bW9jay1jbGllbnQ6bW9jay1zZWNyZXQ=\r\n\
        transfer-encoding: chunked\r\n\r\n"
        .to_vec();
    for byte in b"grant_type=client_credentials" {
        request.extend_from_slice(b"1\r\n");
        request.push(*byte);
        request.extend_from_slice(b"\r\n");
    }
    request.extend_from_slice(b"0\r\n\r\n");
    let answer = raw(&ups, &request, false).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[tokio::test]
async fn instances_share_nothing() {
    let (one, two) = (
        MockUps::start().await.unwrap(),
        MockUps::start().await.unwrap(),
    );
    let token = token(&one.base_url()).await;
    assert_eq!(
        shop(&two.base_url(), &token).send().await.error().1,
        "250002"
    );
    two.token_requests_of("mock-client").none().unwrap();
}

#[tokio::test]
async fn dropped_mock_stops_listening() {
    let ups = MockUps::start().await.unwrap();
    let address = ups.address();
    token(&ups.base_url()).await;
    drop(ups);
    let gone = async {
        while TcpStream::connect(address).await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), gone)
        .await
        .expect("the port is closed");
}

#[tokio::test]
async fn stop_lets_an_answer_in_progress_finish() {
    use mock_ups::{Action, Fault, Latency, Span};
    let ups = MockUps::start().await.unwrap();
    let base = ups.base_url();
    let delay = Latency::Fixed(Span(Duration::from_millis(300)));
    let guard = ups.add_fault(Fault::new(Action::Delay(delay))).unwrap();
    let pending = tokio::spawn(token_request(&base).send());
    while guard.hits() == 0 {
        tokio::task::yield_now().await;
    }
    ups.stop().await;
    assert_eq!(pending.await.unwrap().status, 200);
}

/// Reads to the end of the connection; with the clock paused, waiting takes no time.
async fn read_to_end(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test(start_paused = true)]
async fn silent_connections_are_closed_in_the_end() {
    let ups = MockUps::start().await.unwrap();
    let starts: [&[u8]; 3] = [b"", b"GET / HT", b"GET /x HTTP/1.1\r\nhost: a\r\n\r\n"];
    for start in starts {
        let mut stream = TcpStream::connect(ups.address()).await.unwrap();
        stream.write_all(start).await.unwrap();
        let answer = read_to_end(&mut stream).await;
        assert_eq!(
            answer.contains("404"),
            start.ends_with(b"\r\n\r\n"),
            "{answer}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn body_that_never_comes_is_answered_408() {
    let ups = MockUps::start().await.unwrap();
    let mut stream = TcpStream::connect(ups.address()).await.unwrap();
    let head = b"POST /api/x HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\nab";
    stream.write_all(head).await.unwrap();
    let answer = read_to_end(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
}

#[tokio::test(start_paused = true)]
async fn slow_body_outlives_the_idle_limit() {
    use mock_ups::{Action, Fault, Span};
    let ups = MockUps::start().await.unwrap();
    let pause = Span(Duration::from_secs(30));
    let _guard = ups
        .add_fault(Fault::new(Action::SlowBody { piece: 10, pause }))
        .unwrap();
    let mut stream = TcpStream::connect(ups.address()).await.unwrap();
    let head = b"GET /x HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    stream.write_all(head).await.unwrap();
    let answer = read_to_end(&mut stream).await;
    assert!(answer.ends_with("]}}"), "{answer}");
}

struct Panics;

impl mock_ups::api::Product for Panics {
    fn answer(
        &self,
        request: &mock_ups::api::ApiRequest<'_>,
    ) -> Option<mock_ups::api::ApiResponse> {
        assert_ne!(request.segments[0], "rating", "a defect");
        None
    }
}

#[tokio::test]
async fn defect_in_a_product_is_answered_500_and_noted() {
    let ups = MockUps::builder()
        .products(vec![Box::new(Panics)])
        .start()
        .await
        .unwrap();
    let base = ups.base_url();
    let token = token(&base).await;
    assert_eq!(
        shop(&base, &token).send().await.error(),
        (500, "10500".to_owned())
    );
    let entries = ups.journal(&mock_ups::Filter::any().status(500));
    assert!(
        entries[0]
            .note
            .is_some_and(|note| note.contains("panicked"))
    );
    let other = post(format!("{base}/api/track/x"))
        .bearer(&token)
        .send()
        .await;
    assert_eq!(other.status, 404);
}
