//! The data plane's own HTTP/1 server and hyper's, behind the same check: the same bytes from an app, however
//! they are cut, come to the same responses, the same end, and the same requests at the carrier.

use std::io::Write as _;
use std::net::Shutdown;

use gateway_proxy::{Http1Server, Limits};
use proptest::prelude::*;

use crate::harness::{Answer, World, now, read_all};
use crate::readers::Seen;

/// One response, without what differs from one to the next.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Response {
    start: String,
    /// Sorted: the two servers write them in different orders.
    fields: Vec<String>,
    content: String,
}

/// Everything that an app sees.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Outcome {
    responses: Vec<Response>,
    /// The bytes of a response that breaks off.
    remainder: String,
    forwarded: Vec<Seen>,
}

/// The responses of a connection; `heads` says which of them belong to `HEAD`.
fn responses(mut bytes: &[u8], heads: &[bool]) -> (Vec<Response>, String) {
    let mut responses = Vec::new();
    loop {
        let at = responses
            .iter()
            .filter(|it: &&Response| !it.start.contains(" 100 "))
            .count();
        let to_head = heads.get(at).copied().unwrap_or(false);
        match response(bytes, to_head) {
            Some((response, used)) => {
                responses.push(response);
                bytes = &bytes[used..];
            }
            None => {
                // The head has fields that differ; that it is there shows by the content.
                let head = memchr::memmem::find(bytes, b"\r\n\r\n").map_or(0, |end| end + 4);
                return (responses, bytes[head..].escape_ascii().to_string());
            }
        }
    }
}

fn response(bytes: &[u8], to_head: bool) -> Option<(Response, usize)> {
    let head = memchr::memmem::find(bytes, b"\r\n\r\n")? + 4;
    let text = String::from_utf8(bytes[..head].to_vec()).expect("ASCII");
    let mut lines = text.trim_end().lines();
    let start = lines.next()?.to_owned();
    let value = |name: &str| {
        let mut values = text.lines().filter_map(|line| line.split_once(": "));
        values
            .find(|(field, _)| *field == name)
            .map(|(_, value)| value.to_owned())
    };
    let body = &bytes[head..];
    let bodiless = to_head
        || [" 100 ", " 204 ", " 304 "]
            .iter()
            .any(|status| start.contains(status));
    let (content, used) = match value("content-length") {
        _ if bodiless => (Vec::new(), 0),
        _ if value("transfer-encoding").is_some() => chunks(body)?,
        Some(length) => {
            let length = length.parse().expect("a length");
            (body.get(..length)?.to_vec(), length)
        }
        // Up to the end of the connection.
        None => (body.to_vec(), body.len()),
    };
    // HTTP/1.0 ends unless the response says otherwise, so `close` says nothing there. hyper writes
    // `close, keep-alive` if the app asked for more and the response ends the connection, and `keep-alive` on a
    // body that only the end of the connection ends.
    let is_old = start.starts_with("HTTP/1.0 ");
    let is_unframed = !bodiless && value("content-length").is_none();
    let is_moot = |line: &str| {
        is_old
            && (line.starts_with("connection: close")
                || is_unframed && line.starts_with("connection: "))
    };
    let differs = ["waybill-request-id: ", "date: "];
    let mut fields: Vec<_> = lines
        .filter(|line| !differs.iter().any(|name| line.starts_with(name)) && !is_moot(line))
        .map(str::to_owned)
        .collect();
    fields.sort();
    let content = content.escape_ascii().to_string();
    Some((
        Response {
            start,
            fields,
            content,
        },
        head + used,
    ))
}

/// A chunked body and how long it is; how it was cut into chunks is of no interest.
fn chunks(body: &[u8]) -> Option<(Vec<u8>, usize)> {
    let (mut content, mut at) = (Vec::new(), 0);
    loop {
        let line = memchr::memmem::find(&body[at..], b"\r\n")?;
        let size = str::from_utf8(&body[at..at + line]).expect("ASCII");
        let size = usize::from_str_radix(size, 16).expect("a size");
        at += line + 2;
        content.extend_from_slice(body.get(at..at + size)?);
        assert_eq!(body.get(at + size..at + size + 2)?, b"\r\n");
        at += size + 2;
        if size == 0 {
            return Some((content, at));
        }
    }
}

/// Sends the pieces one after another; closes for writing behind them if that is wanted.
fn outcome(world: &World, pieces: &[&[u8]], half_close: bool, heads: &[bool]) -> Outcome {
    world.forget();
    let mut stream = world.connect();
    stream.set_nodelay(true).expect("an option");
    for piece in pieces {
        // The gateway may have closed already.
        if stream.write_all(piece).is_err() {
            break;
        }
        std::thread::yield_now();
    }
    if half_close {
        let _ = stream.shutdown(Shutdown::Write);
    }
    let exchange = read_all(&mut stream, now());
    assert!(exchange.closed, "{exchange:?}");
    let (responses, remainder) = responses(&exchange.bytes, heads);
    for response in &responses {
        assert!(
            response.start.contains(" 100 ") || exchange.bytes.windows(6).any(|it| it == b"date: ")
        );
    }
    Outcome {
        responses,
        remainder,
        forwarded: world.requests().into_iter().map(comparable).collect(),
    }
}

/// What the own server says and hyper does not: that the connection ends because content of a refused request is
/// still to come.
fn alike(mut own: Outcome, hyper: &Outcome) -> Outcome {
    let close = "connection: close";
    if let (Some(last), Some(other)) = (own.responses.last_mut(), hyper.responses.last())
        && !other.fields.iter().any(|field| field == close)
    {
        last.fields.retain(|field| field != close);
    }
    own
}

/// Whether a connection goes on behind a request that was refused before its content had come depends on how fast
/// that comes, with both servers. What only one of them has got to is cut off then.
fn cut_like(mut outcome: Outcome, other: &Outcome) -> Outcome {
    let count = other.responses.len();
    let last = other.responses.last();
    let was_refused =
        last.is_some_and(|it| it.fields.iter().any(|it| it.starts_with("waybill-error")));
    if was_refused && outcome.responses.len() > count {
        outcome.responses.truncate(count);
        outcome.forwarded.truncate(other.forwarded.len());
        outcome.remainder.clone_from(&other.remainder);
    }
    outcome
}

/// A forwarded request without the carrier's port, and without how its chunks were cut.
fn comparable(mut seen: Seen) -> Seen {
    seen.fields.retain(|(name, _)| name != "host");
    seen.length = 0;
    seen
}

/// A request, and whether it is `HEAD`.
fn request() -> impl Strategy<Value = (Vec<u8>, bool)> {
    let simple = prop::sample::select(vec![
        ("GET /a HTTP/1.1\r\nHost: localhost\r\n\r\n", false),
        (
            "GET /b?c=d HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\nConnection: x\r\n\r\n",
            false,
        ),
        ("HEAD /h HTTP/1.1\r\nHost: localhost\r\n\r\n", true),
        (
            "GET /old HTTP/1.0\r\nHost: localhost\r\nConnection: keep-alive\r\n\r\n",
            false,
        ),
        ("OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n", false),
        (
            "GET http://localhost/full HTTP/1.1\r\nHost: localhost\r\n\r\n",
            false,
        ),
        (
            "\r\nGET /empty HTTP/1.1\r\nHost: localhost\r\nConnection: keep-alive\r\n\r\n",
            false,
        ),
        ("GET /../dots HTTP/1.1\r\nHost: localhost\r\n\r\n", false),
        (
            "GET /up HTTP/1.1\r\nHost: localhost\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n",
            false,
        ),
    ]);
    let sized = (0..30_000_usize, any::<bool>()).prop_map(|(length, expects)| {
        let expects = if expects { "Expect: 100-continue\r\n" } else { "" };
        let head = format!(
            "POST /p/{length} HTTP/1.1\r\nHost: localhost\r\n{expects}Content-Length: {length}\r\n\r\n"
        );
        [head.as_bytes(), &vec![b'x'; length]].concat()
    });
    let chunked = prop::collection::vec(1..2000_usize, 0..5).prop_map(|chunks| {
        let head = b"PUT /c HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n";
        let mut bytes = head.to_vec();
        for chunk in chunks {
            bytes.extend_from_slice(format!("{chunk:x};a=b\r\n").as_bytes());
            bytes.extend_from_slice(&vec![b'y'; chunk]);
            bytes.extend_from_slice(b"\r\n");
        }
        bytes.extend_from_slice(b"0\r\nA: b\r\n\r\n");
        bytes
    });
    prop_oneof![
        4 => simple.prop_map(|(text, head)| (text.as_bytes().to_vec(), head)),
        2 => sized.prop_map(|bytes| (bytes, false)),
        1 => chunked.prop_map(|bytes| (bytes, false)),
    ]
}

/// The last request of a connection, in one of the ways in which it can be that.
fn last() -> impl Strategy<Value = &'static [u8]> {
    prop::sample::select(vec![
        &b"GET /last HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"[..],
        b"GET /last HTTP/1.0\r\nHost: localhost\r\n\r\n",
        b"POST /last HTTP/1.1\r\nHost: localhost\r\nConnection: a, Close\r\nContent-Length: 2\r\n\r\nab",
        b"GET /bad HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\nGET / HTTP/1.1\r\n\r\n",
        b"GET /bad HTTP/1.1\nHost: localhost\n\n",
        b"POST /bad HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n0\r\n\r\n",
        b"BREW /pot HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ])
}

fn worlds() -> &'static [World; 2] {
    thread_local! {
        static WORLDS: &'static [World; 2] = Box::leak(Box::new(
            [Http1Server::Own, Http1Server::Hyper].map(|server| World::served_by(server, Limits::default())),
        ));
    }
    WORLDS.with(|worlds| *worlds)
}

proptest! {
    #![proptest_config(tests_kit::properties(150))]

    /// Valid requests in a row, cut anywhere, and then the end of the connection.
    #[test]
    fn valid_requests_come_to_the_same(
        requests in prop::collection::vec(request(), 0..5),
        last in last(),
        half_close in any::<bool>(),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
    ) {
        let heads: Vec<_> = requests.iter().map(|(_, head)| *head).collect();
        let mut stream: Vec<u8> = requests.into_iter().flat_map(|(bytes, _)| bytes).collect();
        stream.extend_from_slice(last);
        let pieces = cut(&stream, &cuts);
        let [own, hyper] = worlds().each_ref().map(|world| outcome(world, &pieces, half_close, &heads));
        prop_assert_eq!(own, hyper);
    }

    /// One byte is changed, removed or added, or the end is missing.
    #[test]
    fn damaged_requests_come_to_the_same(
        requests in prop::collection::vec(request(), 1..4),
        at: prop::sample::Index, byte in prop::sample::select(&b"\r\n\t :;,0139afAF_-\0\x7f\xffx"[..]), how in 0..4,
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..4),
    ) {
        let heads: Vec<_> = requests.iter().map(|(_, head)| *head).collect();
        let mut stream: Vec<u8> = requests.into_iter().flat_map(|(bytes, _)| bytes).collect();
        let at = at.index(stream.len());
        match how {
            0 => stream[at] = byte,
            1 => { stream.remove(at); }
            2 => stream.insert(at, byte),
            _ => stream.truncate(at),
        }
        let pieces = cut(&stream, &cuts);
        let [own, hyper] = worlds().each_ref().map(|world| outcome(world, &pieces, true, &heads));
        let hyper = cut_like(hyper, &own);
        let own = cut_like(own, &hyper);
        prop_assert_eq!(alike(own, &hyper), hyper);
    }
}

/// The bytes, cut at these places.
fn cut<'a>(stream: &'a [u8], cuts: &[prop::sample::Index]) -> Vec<&'a [u8]> {
    let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(stream.len() + 1)).collect();
    cuts.extend([0, stream.len()]);
    cuts.sort_unstable();
    cuts.windows(2).map(|cut| &stream[cut[0]..cut[1]]).collect()
}

/// Every way in which a carrier's answer can be framed, to every kind of request.
#[test]
fn answers_come_to_the_same() {
    let long = "z".repeat(100_000);
    let answers: Vec<(String, bool)> = vec![
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nA: b\r\n\r\nhello".into(), false),
        ("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nDate: now\r\n\r\n".into(), false),
        ("HTTP/1.1 404 Nowhere\r\nContent-Length: 5\r\nSet-Cookie: a\r\nSet-Cookie: b\r\n\r\nhello".into(), false),
        ("HTTP/1.1 204 No Content\r\n\r\n".into(), false),
        ("HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\nETag: \"a\"\r\n\r\n".into(), false),
        ("HTTP/1.1 599 Odd\r\nContent-Length: 2\r\nConnection: close\r\n\r\nab".into(), true),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n".into(), false),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n".into(), false),
        ("HTTP/1.1 200 OK\r\n\r\nuntil the end".into(), true),
        ("HTTP/1.1 103 Hints\r\nA: b\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok".into(), false),
        ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n".into(), true),
        (format!("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n{long}"), false),
        (format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n186a0\r\n{long}\r\n0\r\n\r\n"), false),
        // Broken off.
        ("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello".into(), true),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n".into(), true),
    ];
    let requests = [
        ("GET", "1.1", "Connection: close\r\n"),
        ("HEAD", "1.1", "Connection: close\r\n"),
        ("GET", "1.0", ""),
        ("GET", "1.0", "Connection: keep-alive\r\n"),
        ("GET", "1.1", ""),
    ];
    for (answer, close) in &answers {
        for (method, version, fields) in requests {
            let answer = if method == "HEAD" {
                let end = answer.rfind("\r\n\r\n").expect("a head");
                let head = answer.find("\r\n\r\n").expect("a head");
                // Of several heads the last; chunks have no empty line but at their end.
                let end = if answer.starts_with("HTTP/1.1 103") {
                    end
                } else {
                    head
                };
                answer[..end + 4].to_owned()
            } else {
                answer.clone()
            };
            let request =
                format!("{method} /hostile HTTP/{version}\r\nHost: localhost\r\n{fields}\r\n");
            let [own, hyper] = worlds().each_ref().map(|world| {
                world.log.lock().expect("no poison").hostile = Answer {
                    bytes: answer.clone().into_bytes(),
                    close: *close,
                };
                outcome(world, &[request.as_bytes()], true, &[method == "HEAD"])
            });
            assert_eq!(own, hyper, "{request} {answer:.200}");
        }
    }
}
