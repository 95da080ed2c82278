//! hyper behind the guard: what a client gets when its bytes are refused, and in which order.

use std::convert::Infallible;
use std::rc::Rc;
use std::time::Duration;

use gateway_framing::{
    ConnectionState, Expiry, GuardedIo, PeerMonitor, PeerTimeouts, Protocol, Violation,
    violation_in,
};
use http_body_util::{BodyExt, Full};
use hyper::{Request, Response, StatusCode, body::Bytes, body::Incoming, service::service_fn};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

/// Responses with the length of the body, or as the guard demands.
async fn answer(
    state: Rc<ConnectionState>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let refuse = |violation: Violation| {
        Response::builder()
            .status(violation.status())
            .header("connection", "close")
            .body(Full::from(violation.message()))
            .expect("a valid answer")
    };
    if let Some(violation) = state.refusal(request.method()) {
        return Ok(refuse(violation));
    }
    let _active = state.begin_request();
    let path = request.uri().path().to_owned();
    Ok(match request.into_body().collect().await {
        Ok(body) => Response::new(Full::from(format!("{path}={};", body.to_bytes().len()))),
        Err(error) => match violation_in(&error) {
            Some(violation) => refuse(violation),
            None => Response::builder()
                .status(StatusCode::IM_A_TEAPOT)
                .body(Full::from("no violation"))
                .expect("a valid answer"),
        },
    })
}

async fn serve(mut io: GuardedIo<DuplexStream>) {
    let state = io.state();
    if let Ok(Protocol::Http1) = io.protocol().await {
        let service = service_fn(move |request| answer(Rc::clone(&state), request));
        let _ = hyper::server::conn::http1::Builder::new()
            .half_close(true)
            .serve_connection(io, service)
            .await;
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime")
}

/// Sends the pieces, each when the one before was taken, and reads until the server closes.
fn exchange(pieces: &[&[u8]]) -> String {
    runtime().block_on(async {
        let (mut client, server) = tokio::io::duplex(1 << 20);
        let talk = async {
            for piece in pieces {
                // The server may have closed already, having seen enough.
                let _ = client.write_all(piece).await;
                for _ in 0..20 {
                    tokio::task::yield_now().await;
                }
            }
            let mut answers = Vec::new();
            // A server that neither answers nor closes is a failure, not a hang.
            let read = client.read_to_end(&mut answers);
            let closed = tokio::time::timeout(Duration::from_secs(5), read)
                .await
                .is_ok();
            String::from_utf8_lossy(&answers).into_owned() + if closed { "<closed>" } else { "" }
        };
        let (text, ()) = tokio::join!(talk, serve(GuardedIo::new(server)));
        text
    })
}

fn statuses(answers: &str) -> Vec<&str> {
    let starts = answers
        .match_indices("HTTP/1.1 ")
        .map(|(at, start)| &answers[at + start.len()..]);
    starts
        .map(|answer| &answer[..3])
        .filter(|status| status.parse::<u16>().is_ok())
        .collect()
}

#[test]
fn a_refused_head_is_answered_with_its_status_and_a_close() {
    for (head, status) in [
        ("GET / HTTP/1.1\r\n\r\n", "400"),
        ("GET / HTTP/1.1\nHost: a\n\n", "400"),
        ("GET / HTTP/2.0\r\nHost: a\r\n\r\n", "505"),
        ("CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n", "405"),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
            "501",
        ),
        ("GET / HTTP/1.1\r\nHost: a\r\nExpect: x\r\n\r\n", "417"),
        ("PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n", "505"),
        ("WAYBILL-REFUSED / HTTP/1.1\r\nhost: refused\r\n\r\n", "501"),
    ] {
        let answers = exchange(&[head.as_bytes()]);
        assert_eq!(statuses(&answers), [status], "{head:?}: {answers}");
        assert!(
            answers.contains("connection: close") && answers.ends_with("<closed>"),
            "{answers}"
        );
    }
    let long = format!("GET /{} HTTP/1.1\r\n", "a".repeat(9000));
    assert_eq!(statuses(&exchange(&[long.as_bytes()])), ["414"]);
    let large = format!("GET / HTTP/1.1\r\nHost: a\r\nA: {}", "a".repeat(70_000));
    assert_eq!(statuses(&exchange(&[large.as_bytes()])), ["431"]);
}

#[test]
fn requests_before_a_refused_one_are_answered_first_and_none_after() {
    let good = "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc";
    let bad = "GET /b HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n";
    let all = format!("{good}{good}{bad}{good}");
    let at_once = exchange(&[all.as_bytes()]);
    assert_eq!(statuses(&at_once), ["200", "200", "400"], "{at_once}");
    assert!(at_once.ends_with("<closed>"), "{at_once}");
    let every: Vec<&[u8]> = all.as_bytes().chunks(1).collect();
    assert_eq!(statuses(&exchange(&every)), ["200", "200", "400"]);
}

#[test]
fn a_violation_in_a_body_reaches_the_service_and_nothing_after_it_is_parsed() {
    let head = "POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    let smuggled = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";
    for body in ["3\r\nabc\r\nx\r\n", "3\r\nabcX", "0\r\nA b\r\n", "3\n"] {
        let answers = exchange(&[head.as_bytes(), body.as_bytes(), smuggled.as_bytes()]);
        assert_eq!(statuses(&answers), ["400"], "{body:?}: {answers}");
        assert!(answers.ends_with("<closed>"), "{answers}");
        let at_once = exchange(&[format!("{head}{body}{smuggled}").as_bytes()]);
        assert_eq!(statuses(&at_once), ["400"], "{body:?}: {at_once}");
    }
}

#[test]
fn nothing_behind_the_last_request_of_a_connection_is_served() {
    let next = "GET /next HTTP/1.1\r\nHost: a\r\n\r\n";
    for first in [
        "POST /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc",
        "GET /a HTTP/1.1\r\nHost: a\r\nConnection: x, Close\r\n\r\n",
        "GET /a HTTP/1.0\r\nHost: a\r\n\r\n",
    ] {
        let all = format!("{first}{next}");
        let every: Vec<&[u8]> = all.as_bytes().chunks(1).collect();
        let flood = vec![b'x'; 300_000];
        for pieces in [
            vec![all.as_bytes()],
            vec![first.as_bytes(), next.as_bytes()],
            vec![first.as_bytes(), b"\0"],
            vec![first.as_bytes(), &flood],
            every,
        ] {
            let answers = exchange(&pieces);
            let seen = answers.matches("/a=").count() + answers.matches("/next").count();
            assert_eq!(seen, 1, "{first:?}: {answers}");
            assert!(answers.ends_with("<closed>"), "{first:?}: {answers}");
        }
    }
    let kept = "GET /a HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n";
    let last = "GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    let answers = exchange(&[format!("{kept}{last}").as_bytes()]);
    assert!(answers.contains("/last=0;"), "{answers}");
}

#[test]
fn large_heads_and_bodies_pass_whole() {
    let head = format!(
        "POST /a HTTP/1.1\r\nHost: a\r\nA: {}\r\nContent-Length: 300000\r\nConnection: close\r\n\r\n",
        "a".repeat(60_000)
    );
    let body = vec![b'x'; 300_000];
    let answers = exchange(&[head.as_bytes(), &body]);
    assert!(answers.contains("/a=300000;"), "{answers}");
    let mut pieces: Vec<&[u8]> = head.as_bytes().chunks(777).collect();
    pieces.extend(body.chunks(4099));
    assert!(exchange(&pieces).contains("/a=300000;"));
}

#[test]
fn an_http2_preface_is_told_apart_however_it_is_cut() {
    runtime().block_on(async {
        // With a whole frame behind it, because half a frame header is held back.
        let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
        for cut in 0..24 {
            let (mut client, server) = tokio::io::duplex(1024);
            let mut io = GuardedIo::new(server);
            let send = async {
                client
                    .write_all(&preface[..cut])
                    .await
                    .expect("the pipe is open");
                for _ in 0..5 {
                    tokio::task::yield_now().await;
                }
                client
                    .write_all(&preface[cut..])
                    .await
                    .expect("the pipe is open");
            };
            let (protocol, ()) = tokio::join!(io.protocol(), send);
            assert_eq!(protocol.expect("no error"), Protocol::Http2, "cut at {cut}");
            drop(client);
            let mut tokio_io = hyper_util::rt::TokioIo::new(io);
            let mut seen = Vec::new();
            tokio_io.read_to_end(&mut seen).await.expect("no error");
            assert_eq!(seen, preface, "everything passes, cut at {cut}");
        }
    });
}

const PATIENCE: PeerTimeouts = PeerTimeouts {
    head: Duration::from_secs(2),
    idle: Duration::from_secs(4),
    body_idle: Duration::from_secs(3),
    body_rate: 10,
    write_idle: Duration::from_secs(3),
    write_rate: 10,
    linger: Duration::from_secs(1),
};

/// Serves one connection under a sweep every 100 ms of simulated time; `client` drives it.
/// Returns what the client read, when the connection ended, and what expired.
fn swept<F: Future<Output = String>>(
    pipe: usize,
    client: impl FnOnce(DuplexStream) -> F,
) -> (String, Duration, Vec<Expiry>) {
    runtime().block_on(async {
        let (ours, theirs) = tokio::io::duplex(pipe);
        let io = GuardedIo::new(theirs);
        let mut watch = PeerMonitor::new(io.state(), Duration::ZERO);
        let expired = std::cell::RefCell::new(Vec::new());
        let elapsed = std::cell::Cell::new(Duration::ZERO);
        let sweep = async {
            loop {
                tokio::time::sleep(Duration::from_millis(100)).await;
                elapsed.set(elapsed.get() + Duration::from_millis(100));
                expired
                    .borrow_mut()
                    .extend(watch.check(elapsed.get(), &PATIENCE));
                assert!(elapsed.get() < Duration::from_secs(60), "never closed");
            }
        };
        let both = async { tokio::join!(serve(io), client(ours)) };
        let ((), text) = tokio::select! {
            both = both => both,
            () = sweep => unreachable!("the sweep never ends"),
        };
        (text, elapsed.get(), expired.take())
    })
}

async fn read_all(mut client: DuplexStream) -> String {
    let mut answers = Vec::new();
    let _ = client.read_to_end(&mut answers).await;
    String::from_utf8_lossy(&answers).into_owned()
}

#[test]
fn a_connection_that_sends_nothing_is_closed() {
    let (text, after, expired) = swept(1024, read_all);
    assert_eq!((text.as_str(), expired), ("", vec![Expiry::Idle]));
    assert!(after <= Duration::from_secs(4), "{after:?}");
}

#[test]
fn a_head_that_crawls_in_is_answered_with_408_in_time() {
    let (text, after, expired) = swept(1024, async |mut client| {
        for byte in b"GET / HTTP/1.1\r\nHost: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n".iter() {
            if client.write_all(&[*byte]).await.is_err() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
        read_all(client).await
    });
    assert_eq!(
        (statuses(&text), expired),
        (vec!["408"], vec![Expiry::Head, Expiry::Linger])
    );
    assert!(after <= Duration::from_secs(4), "{after:?}");
}

#[test]
fn a_body_that_stops_or_crawls_is_answered_with_408_in_time() {
    let head = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n";
    let (text, after, expired) = swept(1024, async |mut client| {
        client.write_all(head).await.expect("the pipe is open");
        read_all(client).await
    });
    assert_eq!((statuses(&text), expired[0]), (vec!["408"], Expiry::Body));
    assert!(after <= Duration::from_secs(6), "stopped: {after:?}");
    let (text, after, expired) = swept(1024, async |client| {
        let (mut read, mut write) = tokio::io::split(client);
        write.write_all(head).await.expect("the pipe is open");
        let crawl = async {
            while write.write_all(b"x").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
        };
        let mut answers = Vec::new();
        tokio::select! {
            _ = read.read_to_end(&mut answers) => {}
            () = crawl => {}
        }
        String::from_utf8_lossy(&answers).into_owned()
    });
    assert_eq!(
        (statuses(&text), expired[0]),
        (vec!["408"], Expiry::Body),
        "crawling"
    );
    assert!(after <= Duration::from_secs(6), "crawling: {after:?}");
}

#[test]
fn an_answer_that_nobody_takes_is_cut_in_time() {
    let (_, after, expired) = swept(16, async |mut client| {
        // The pipe holds 16 bytes, the answer does not fit.
        let _ = client.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
        // Not reading until the server has gone away.
        while client.write_all(b"x").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        String::new()
    });
    assert_eq!(expired[0], Expiry::Write, "{expired:?}");
    assert!(after <= Duration::from_secs(6), "{after:?}");
}

#[test]
fn an_answer_that_is_read_too_slowly_is_cut_in_time_and_another_is_not() {
    // Bytes a second, for an answer of about 400 bytes in a pipe of 16.
    for (rate, cut) in [(2, true), (8, true), (20, false), (1000, false)] {
        let (text, after, expired) = swept(16, async |mut client| {
            let head = format!(
                "GET /{} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
                "p".repeat(300)
            );
            client
                .write_all(head.as_bytes())
                .await
                .expect("the pipe is open");
            let mut answer = Vec::new();
            let mut byte = [0];
            while let Ok(1) = client.read(&mut byte).await {
                answer.push(byte[0]);
                tokio::time::sleep(Duration::from_millis(1000 / rate)).await;
            }
            String::from_utf8_lossy(&answer).into_owned()
        });
        assert_eq!(
            expired.contains(&Expiry::Write),
            cut,
            "{rate} a second: {expired:?}"
        );
        assert_eq!(text.ends_with("p=0;"), !cut, "{rate} a second: {text}");
        assert!(
            !cut || after <= Duration::from_secs(20),
            "{rate} a second: {after:?}"
        );
    }
}

#[test]
fn an_idle_connection_is_closed_and_a_busy_one_is_not() {
    let (text, after, expired) = swept(1024, async |mut client| {
        for _ in 0..10 {
            client
                .write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                .await
                .expect("still open");
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        read_all(client).await
    });
    assert_eq!(statuses(&text), ["200"; 10]);
    assert_eq!(expired, [Expiry::Idle]);
    assert!(
        (Duration::from_secs(13)..=Duration::from_secs(15)).contains(&after),
        "{after:?}"
    );
}
