//! A carrier that closes a kept connection as the next request goes out.

use super::harness::{Client, Message, Wants, World, ok, post, read_message};
use gateway_model::{CarrierApi, Operation};
use http::Method;
use std::{
    collections::HashMap,
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

/// What the carrier does instead of answering.
#[derive(Clone, Copy, Debug)]
enum Ending {
    /// Reads the request and closes.
    Close,
    /// Reads the request and resets the connection.
    Reset,
    /// Closes with most of the request unread.
    CloseUnread,
    /// Sends these bytes, then closes.
    After(&'static [u8]),
}

/// A carrier that answers the first requests of each connection, and ends it at the next one.
struct Carrier {
    addr: SocketAddr,
    seen: Arc<Mutex<Vec<Message>>>,
}

impl Carrier {
    /// `endings` are taken in turn, one for each connection.
    fn start(answers: usize, endings: &'static [Ending]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let addr = listener.local_addr().expect("an address");
        let seen = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&seen);
        thread::spawn(move || {
            for (stream, ending) in listener.incoming().zip(endings.iter().cycle()) {
                let (log, ending) = (Arc::clone(&log), *ending);
                let Ok(stream) = stream else { return };
                thread::spawn(move || serve(stream, answers, ending, &log));
            }
        });
        Self { addr, seen }
    }

    /// How often each request line came.
    fn counts(&self) -> HashMap<String, usize> {
        let mut counts = HashMap::new();
        for message in &*self.seen.lock().expect("no poison") {
            *counts.entry(message.start.clone()).or_default() += 1;
        }
        counts
    }
}

fn serve(mut stream: TcpStream, answers: usize, ending: Ending, log: &Mutex<Vec<Message>>) {
    for count in 0.. {
        if count == answers && matches!(ending, Ending::CloseUnread) {
            // Closing a socket with unread bytes resets it.
            let _ = stream.read(&mut [0]);
            return;
        }
        let Ok(Some(message)) = read_message(&mut stream, false) else {
            return;
        };
        let is_head = message.start.starts_with("HEAD");
        log.lock().expect("no poison").push(message);
        if count < answers {
            let body = if is_head { "" } else { "{}" };
            let answer = ok("{}");
            let _ = stream.write_all(&answer[..answer.len() - 2 + body.len()]);
            continue;
        }
        match ending {
            Ending::Reset => {
                let socket = socket2::SockRef::from(&stream);
                socket.set_linger(Some(Duration::ZERO)).expect("a linger");
            }
            Ending::After(bytes) => stream.write_all(bytes).expect("written"),
            Ending::Close | Ending::CloseUnread => {}
        }
        return;
    }
}

fn ask(client: &mut Client, method: &str, path: &str, body: &str) -> Message {
    let request = post(path, "", body).replacen("POST", method, 1);
    client.write(request.as_bytes());
    read_message(&mut client.stream, method == "HEAD")
        .expect("a whole answer")
        .expect("an answer")
}

#[test]
fn no_safe_request_fails_and_no_post_is_sent_twice() {
    let carrier = Carrier::start(1, &[Ending::Close, Ending::Reset, Ending::CloseUnread]);
    let world = World::new(carrier.addr, Wants::default());
    let mut client = world.connect();
    let mut unknown = 0;
    for round in 0..tests_kit::rounds(600, 10_000) {
        let method = ["GET", "GET", "HEAD", "OPTIONS"][round % 4];
        let got = ask(&mut client, method, &format!("/api/{round}"), "");
        assert_eq!(got.status(), 200, "{method} {round}: {}", got.text());
        // Every third: the connections that it finds are then at their first and at their second request.
        if round % 3 == 0 {
            let got = ask(&mut client, "POST", &format!("/api/{round}"), "{}");
            if got.status() != 200 {
                assert_eq!(got.one("waybill-error"), "carrier_unreachable");
                assert!(got.text().contains("outcome unknown"), "{}", got.text());
                unknown += 1;
            }
        }
    }
    assert!(unknown > 0, "no POST met a connection that was closed");
    assert!(world.metrics().retries > 0, "no GET did");
    for (request, count) in carrier.counts() {
        let most = if request.starts_with("POST") { 1 } else { 2 };
        assert!(count <= most, "{request} was sent {count} times");
    }
}

/// An operation under this name's path: whether it is repeatable.
fn operation(method: &Method, path: &str, repeatable: bool) -> Operation {
    Operation {
        name: "operation".parse().expect("a name"),
        methods: vec![method.clone()],
        path: path.parse().expect("a template"),
        safe: false,
        repeatable,
        slots: Vec::new(),
    }
}

#[test]
fn only_what_may_be_repeated_is_sent_once_more() {
    // The method, what the manifest says about it, the body, and how often the carrier gets it.
    let large = "x".repeat(300 * 1024);
    let cases = [
        (Method::GET, None, "", 2),
        (Method::HEAD, None, "", 2),
        (Method::OPTIONS, None, "", 2),
        (Method::GET, None, "{}", 2),
        (Method::GET, Some(false), "", 1),
        (Method::PUT, None, "{}", 1),
        (Method::PUT, Some(false), "{}", 1),
        (Method::PUT, Some(true), "{}", 2),
        // Larger than what is held of a body.
        (Method::PUT, Some(true), &large, 1),
        (Method::DELETE, None, "", 1),
        (Method::DELETE, Some(true), "", 2),
        (Method::POST, None, "{}", 1),
        (Method::POST, Some(true), "{}", 1),
        (Method::PATCH, Some(true), "{}", 1),
    ];
    for (method, repeatable, body, expected) in cases {
        let carrier = Carrier::start(1, &[Ending::Close]);
        let known = repeatable.map(|repeatable| operation(&method, "/api/case", repeatable));
        let api = CarrierApi::new(Vec::new(), known.into_iter().collect()).expect("no duplicates");
        let world = World::new(
            carrier.addr,
            Wants {
                change: Box::new(move |directory| {
                    Arc::make_mut(&mut directory.routes[0].profile).api = api;
                }),
                ..Wants::default()
            },
        );
        let mut client = world.connect();
        assert_eq!(ask(&mut client, "GET", "/api/first", "").status(), 200);
        let got = ask(&mut client, method.as_str(), "/api/case", body);
        let case = format!("{method} {repeatable:?} with {} bytes", body.len());
        assert_eq!(
            got.status(),
            if expected == 2 { 200 } else { 502 },
            "{case}"
        );
        let line = format!("{method} /api/case HTTP/1.1");
        assert_eq!(carrier.counts()[&line], expected, "{case}");
    }
}

#[test]
fn get_is_sent_twice_at_most_and_never_after_a_byte_of_a_response() {
    // How many requests each connection answers, how it ends, and how often the GET is sent.
    let cases: [(usize, &'static [Ending], usize); 6] = [
        (1, &[Ending::Close], 2),
        (1, &[Ending::After(b"HTTP/1.1 2")], 1),
        (1, &[Ending::After(b"HTTP/1.1 100 Continue\r\n\r\n")], 1),
        (1, &[Ending::After(b"HTTP/1.1 200 OK\r\n\r\n ")], 1),
        // A new connection that is closed at once says that the carrier is in trouble.
        (0, &[Ending::Close], 1),
        (0, &[Ending::Reset], 1),
    ];
    for (answers, endings, expected) in cases {
        let carrier = Carrier::start(answers, endings);
        let world = World::new(carrier.addr, Wants::default());
        let mut client = world.connect();
        for _ in 0..answers {
            assert_eq!(ask(&mut client, "GET", "/api/first", "").status(), 200);
        }
        client.write(b"GET /api/case HTTP/1.1\r\nhost: localhost\r\n\r\n");
        let _ = read_message(&mut client.stream, false);
        let count = carrier.counts()["GET /api/case HTTP/1.1"];
        assert_eq!(count, expected, "{answers} {endings:?}");
        assert_eq!(world.metrics().retries, expected as u64 - 1, "{endings:?}");
    }
}
