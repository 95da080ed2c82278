//! HTTP/2 from the app, HTTP/1 to the carrier: what a field smuggles must not become bytes of another
//! request. Two independent readers read all that reaches the upstream.

use gateway_proxy::Limits;

use crate::frames::{END_HEADERS, END_STREAM, Outcome, Raw, block, fields, frame, kind, request};
use crate::harness::{OUR_CREDENTIAL, World};
use crate::readers::agree;

/// A request, piece by piece, and what must become of it.
struct Case {
    /// `reset` for a malformed request, `closed` where h2 finds the whole connection broken, a status of our own, or `passed` with the upstream's target.
    outcome: &'static str,
    name: &'static str,
    fields: Vec<(Vec<u8>, Vec<u8>)>,
    /// Pieces of the body, and whether the stream ends with them; empty: it ends with the fields.
    data: Vec<(&'static [u8], bool)>,
}

/// A `GET /g` with more fields.
fn get(outcome: &'static str, name: &'static str, more: &[&str]) -> Case {
    let mut all = request("GET", "/g");
    all.extend(fields(more));
    Case {
        outcome,
        name,
        fields: all,
        data: vec![],
    }
}

/// Exactly these fields.
fn only(outcome: &'static str, name: &'static str, texts: &[&str]) -> Case {
    Case {
        outcome,
        name,
        fields: fields(texts),
        data: vec![],
    }
}

/// A `POST /p` with more fields and a body.
fn post(
    outcome: &'static str,
    name: &'static str,
    more: &[&str],
    data: &[(&'static [u8], bool)],
) -> Case {
    let mut all = request("POST", "/p");
    all.extend(fields(more));
    Case {
        outcome,
        name,
        fields: all,
        data: data.to_vec(),
    }
}

/// A `GET` for this path.
fn path(outcome: &'static str, name: &'static str, path: &str) -> Case {
    Case {
        outcome,
        name,
        fields: request("GET", path),
        data: vec![],
    }
}

fn run(world: &World, case: &Case) -> Result<(), String> {
    world.forget();
    let mut raw = Raw::connect(world.gateway, &[]);
    let flags = END_HEADERS | if case.data.is_empty() { END_STREAM } else { 0 };
    let mut bytes = frame(kind::HEADERS, flags, 1, &block(&case.fields));
    for (data, ends) in &case.data {
        bytes.extend(frame(kind::DATA, u8::from(*ends), 1, data));
    }
    raw.send(&bytes).map_err(|error| error.to_string())?;
    let outcome = raw.outcome(1);
    // Whatever it was, the next request must be answered: here, or on another connection.
    let mut last = match outcome {
        Outcome::Closed(_) => Raw::connect(world.gateway, &[]),
        Outcome::Answered(..) | Outcome::Reset(_) | Outcome::Silent => raw,
    };
    let next = frame(
        kind::HEADERS,
        END_HEADERS | END_STREAM,
        3,
        &block(&request("GET", "/last")),
    );
    last.send(&next).map_err(|error| error.to_string())?;
    let after = last.outcome(3);
    let requests = world.requests();
    let targets: Vec<_> = requests.iter().map(|seen| seen.target.as_str()).collect();
    let mut words = case.outcome.split(' ');
    let (fits, wanted) = match words.next() {
        Some("reset") => (matches!(outcome, Outcome::Reset(_)), vec![]),
        Some("closed") => (matches!(outcome, Outcome::Closed(Some(_))), vec![]),
        Some("passed") => (outcome == Outcome::Answered(200, true), words.collect()),
        Some(status) => {
            let status = status.parse().map_err(|_| "not an outcome")?;
            (outcome == Outcome::Answered(status, true), vec![])
        }
        None => unreachable!("an outcome"),
    };
    if !fits || targets != [&wanted[..], &["/last"]].concat() {
        return Err(format!("got {outcome:?}, upstream {targets:?}"));
    }
    if after != Outcome::Answered(200, true) {
        return Err(format!("the next request got {after:?}"));
    }
    Ok(())
}

#[track_caller]
fn check(cases: &[Case]) {
    let world = World::start(Limits::default());
    let failures: Vec<_> = (cases.iter())
        .filter_map(|case| {
            let why = run(&world, case).err()?;
            Some(format!("{} (wanted {}): {why}", case.name, case.outcome))
        })
        .collect();
    let log = world.log.lock().expect("no poison");
    assert_eq!(log.wrong, [""; 0], "bytes that no strict reader takes");
    for connection in &log.connections {
        for seen in agree(connection).expect("unambiguous").0 {
            assert!(!seen.target.contains("smuggled"), "smuggled: {seen:?}");
            assert_eq!(seen.values("authorization"), [OUR_CREDENTIAL], "{seen:?}");
            let text = format!("{seen:?}");
            assert!(!text.contains("secret"), "{text}");
        }
    }
    let (failed, all) = (failures.len(), cases.len());
    assert!(
        failures.is_empty(),
        "{failed} of {all} failed:\n{}",
        failures.join("\n")
    );
}

const M: &str = ":method: GET";
const S: &str = ":scheme: http";
const A: &str = ":authority: localhost";
const P: &str = ":path: /g";

// RFC 9113 section 8.3
#[test]
fn pseudo_headers_other_than_each_once_and_first_are_refused() {
    check(&[
        only("passed /g", "plain", &[M, S, A, P]),
        only("reset", "no method", &[S, A, P]),
        only("reset", "no scheme", &[M, A, P]),
        only("reset", "no path", &[M, S, A]),
        only("400", "no authority", &[M, S, P]),
        only(
            "400",
            "host instead of authority",
            &[M, S, P, "host: localhost"],
        ),
        only("reset", "two methods", &[M, M, S, A, P]),
        only("reset", "two paths", &[M, S, A, P, ":path: /smuggled"]),
        only("reset", "two authorities", &[M, S, A, ":authority: b", P]),
        only("reset", "two schemes", &[M, S, S, A, P]),
        only("reset", "path after a field", &[M, S, A, "a: b", P]),
        only("reset", "method after a field", &[S, A, P, "a: b", M]),
        only("closed", "unknown", &[M, S, A, P, ":unknown: a"]),
        only("reset", "status", &[M, S, A, P, ":status: 200"]),
        only("reset", "protocol", &[M, S, A, P, ":protocol: websocket"]),
        only("closed", "upper case", &[M, S, A, ":Path: /g"]),
        only("closed", "empty method", &[":method: ", S, A, P]),
        only("reset", "empty path", &[M, S, A, ":path: "]),
        only("400", "empty scheme", &[M, ":scheme: ", A, P]),
        only("400", "scheme ftp", &[M, ":scheme: ftp", A, P]),
        only(
            "reset",
            "scheme with a line",
            &[M, ":scheme: http://smuggled/ HTTP/1.1\r\na", A, P],
        ),
        only("passed /g", "scheme of TLS", &[M, ":scheme: https", A, P]),
    ]);
}

#[test]
fn methods_are_words_from_a_list() {
    let method = |outcome, text: &'static str| only(outcome, text, &[text, S, A, P]);
    check(&[
        method(
            "closed",
            ":method: GET /smuggled HTTP/1.1\r\nhost: a\r\n\r\nGET",
        ),
        method("closed", ":method: G ET"),
        method("closed", ":method: GET\t"),
        method("closed", ":method: \0"),
        method("501", ":method: get"),
        method("501", ":method: BREW"),
        method("501", ":method: PRI"),
        method("405", ":method: TRACE"),
        only("405", "CONNECT", &[":method: CONNECT", A]),
        only(
            "reset",
            "CONNECT with a path",
            &[":method: CONNECT", S, A, P],
        ),
    ]);
}

#[test]
fn paths_are_sent_as_they_are_routed() {
    check(&[
        path(
            "reset",
            "line",
            "/a HTTP/1.1\r\nhost: a\r\n\r\nGET /smuggled",
        ),
        path("reset", "space", "/a b"),
        path("reset", "NUL", "/a\0"),
        path("reset", "tab", "/a\tb"),
        path("reset", "no slash", "g"),
        path("400", "star", "*"),
        path("reset", "absolute", "http://localhost/smuggled"),
        path("reset", "absolute of another", "http://smuggled/a"),
        path("400", "dot segment", "/a/../b"),
        path("400", "escaped dot segment", "/a/%2e%2E/b"),
        path("400", "escaped NUL", "/a%00"),
        path("400", "half an escape", "/a%4"),
        path("400", "backslash", "/a\\b"),
        path("400", "brace", "/{a}"),
        path("reset", "quote in the query", "/a?b=\"c\""),
        path("400", "8 bit", "/\u{e9}"),
        path("passed //a", "two slashes", "//a"),
        path("passed /a?b=c", "query", "/a?b=c"),
        // h2's URI type drops it before anybody sees it.
        path("passed /a", "fragment", "/a#b"),
        path("414", "long", &format!("/{}", "a".repeat(9000))),
        only("204", "OPTIONS *", &[":method: OPTIONS", S, A, ":path: *"]),
    ]);
}

#[test]
fn the_authority_is_one_plain_name() {
    let authority = |outcome, text: &'static str| only(outcome, text, &[M, S, P, text]);
    check(&[
        authority("reset", ":authority: a\r\nx: y"),
        authority("reset", ":authority: a b"),
        authority("400", ":authority: user@localhost"),
        authority("reset", ":authority: localhost/g"),
        authority("reset", ":authority: localhost:80:80"),
        authority("reset", ":authority: "),
        authority("403", ":authority: evil.example"),
        authority("passed /g", ":authority: localhost:1"),
        get("passed /g", "equal host", &["host: localhost"]),
        get("400", "other host", &["host: evil.example"]),
        get("400", "other port", &["host: localhost:2"]),
        get("400", "two hosts", &["host: localhost", "host: localhost"]),
        get(
            "400",
            "two different hosts",
            &["host: localhost", "host: secret"],
        ),
        get("400", "a list", &["host: localhost, secret"]),
    ]);
}

// RFC 9113 section 8.2
#[test]
fn fields_that_http_1_would_read_otherwise_are_refused() {
    check(&[
        get("closed", "CR LF in a value", &["a: b\r\nsecret: c"]),
        get("closed", "LF in a value", &["a: b\nsecret: c"]),
        get("closed", "CR in a value", &["a: b\rsecret: c"]),
        get("closed", "NUL in a value", &["a: b\0"]),
        get("closed", "DEL in a value", &["a: b\x7f"]),
        get("closed", "CR LF in a name", &["a\r\nsecret: c"]),
        get("closed", "NUL in a name", &["a\0: c"]),
        get("closed", "space in a name", &["a b: c"]),
        get("closed", "upper case", &["Accept: c"]),
        get("closed", "8 bit in a name", &["\u{e9}: c"]),
        get("closed", "colon in a name", &["a:b: c"]),
        get("closed", "no name", &[": secret"]),
        get("400", "space before a value", &["a:  b"]),
        get("400", "space behind a value", &["a: b "]),
        get("400", "tab behind a value", &["a: b\t"]),
        get("passed /g", "8 bit in a value", &["a: \u{e9}"]),
        get("passed /g", "empty value", &["a: "]),
        get("400", "twin of a length", &["content_length: 5"]),
        get("400", "twin of a coding", &["transfer_encoding: chunked"]),
        get("400", "twin of ours", &["waybill_account: secret"]),
        get("400", "twin of a credential", &["x_api_key: secret"]),
    ]);
}

// RFC 9113 section 8.2.2
#[test]
fn connection_fields_are_refused_and_credentials_dropped() {
    check(&[
        get("reset", "connection", &["connection: close"]),
        get("reset", "connection naming", &["connection: authorization"]),
        get("reset", "keep-alive", &["keep-alive: 5"]),
        get("reset", "proxy-connection", &["proxy-connection: close"]),
        get(
            "reset",
            "transfer-encoding",
            &["transfer-encoding: chunked"],
        ),
        get("reset", "upgrade", &["upgrade: websocket"]),
        get("reset", "te", &["te: gzip"]),
        get("reset", "te list", &["te: trailers, gzip"]),
        get("passed /g", "te: trailers", &["te: trailers"]),
        get("passed /g", "http2-settings", &["http2-settings: secret"]),
        get("417", "expect", &["expect: 200-maybe"]),
        get(
            "passed /g",
            "cookies in crumbs",
            &["cookie: a=secret", "cookie: b=secret"],
        ),
        get(
            "passed /g",
            "authorization",
            &["authorization: Bearer secret"],
        ),
        get("passed /g", "forwarded", &["x-forwarded-for: secret"]),
        get("passed /g", "trailer", &["trailer: secret"]),
    ]);
}

#[test]
fn lengths_that_disagree_with_the_data_are_refused() {
    const SMUGGLED: &[u8] = b"GET /smuggled HTTP/1.1\r\nhost: a\r\n\r\n";
    let end = true;
    check(&[
        post(
            "passed /p",
            "right",
            &["content-length: 3"],
            &[(b"abc", end)],
        ),
        post(
            "passed /p",
            "right, in pieces",
            &["content-length: 3"],
            &[(b"a", false), (b"bc", end)],
        ),
        post("passed /p", "none", &[], &[(SMUGGLED, end)]),
        post("passed /p", "none, empty", &[], &[(b"", end)]),
        post("passed /p", "zero", &["content-length: 0"], &[(b"", end)]),
        post(
            "reset",
            "less data",
            &["content-length: 5"],
            &[(b"abc", end)],
        ),
        post(
            "reset",
            "less data, in pieces",
            &["content-length: 5"],
            &[(b"abc", false), (b"", end)],
        ),
        post(
            "reset",
            "more data",
            &["content-length: 3"],
            &[(b"abcGET /smuggled", end)],
        ),
        post(
            "reset",
            "more data, in pieces",
            &["content-length: 3"],
            &[(b"ab", false), (SMUGGLED, end)],
        ),
        post(
            "reset",
            "zero, and data",
            &["content-length: 0"],
            &[(SMUGGLED, end)],
        ),
        get("reset", "a length and no data", &["content-length: 5"]),
    ]);
}

#[test]
fn lengths_that_are_not_one_plain_number_are_refused() {
    let end = true;
    check(&[
        post(
            "400",
            "two equal",
            &["content-length: 3", "content-length: 3"],
            &[(b"abc", end)],
        ),
        post(
            "reset",
            "two",
            &["content-length: 3", "content-length: 4"],
            &[(b"abc", end)],
        ),
        post(
            "400",
            "leading zero",
            &["content-length: 03"],
            &[(b"abc", end)],
        ),
        post("reset", "sign", &["content-length: +3"], &[(b"abc", end)]),
        post("reset", "list", &["content-length: 3, 3"], &[(b"abc", end)]),
        post(
            "reset",
            "word",
            &["content-length: chunked"],
            &[(b"abc", end)],
        ),
        post("reset", "empty", &["content-length: "], &[(b"abc", end)]),
        post(
            "413",
            "too large",
            &["content-length: 99999999"],
            &[(b"abc", false)],
        ),
        post(
            "reset",
            "beyond 64 bits",
            &["content-length: 99999999999999999999"],
            &[(b"abc", end)],
        ),
        post(
            "passed /p",
            "chunks as data",
            &[],
            &[(b"0\r\n\r\nGET /smuggled HTTP/1.1\r\n\r\n", end)],
        ),
    ]);
}

#[test]
fn large_heads_are_refused() {
    let many: Vec<String> = (0..120).map(|at| format!("a{at}: b")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let wide = format!("a: {}", "b".repeat(12_000));
    check(&[
        get("431", "many fields", &many),
        get("passed /g", "a wide field", &[&wide]),
    ]);
}

// Larger than one frame, so continued.
#[test]
fn heads_over_the_limit_are_refused_and_the_connection_lives() {
    let world = World::start(Limits::default());
    let mut raw = Raw::connect(world.gateway, &[]);
    let mut all = request("GET", "/g");
    for _ in 0..9 {
        all.extend(fields(&[format!("a: {}", "b".repeat(8000))]));
    }
    let block = block(&all);
    let mut bytes = frame(kind::HEADERS, END_STREAM, 1, &block[..16_000]);
    for piece in block[16_000..].chunks(16_000) {
        bytes.extend(frame(kind::CONTINUATION, 0, 1, piece));
    }
    bytes.extend(frame(kind::CONTINUATION, END_HEADERS, 1, &[]));
    raw.send(&bytes).expect("the gateway takes it");
    let outcome = raw.outcome(1);
    assert!(
        matches!(outcome, Outcome::Answered(431, _) | Outcome::Reset(_)),
        "{outcome:?}"
    );
    assert_eq!(world.requests().len(), 0);
}

// Trailers are nobody's fields.
#[test]
fn trailers_do_not_pass() {
    let world = World::start(Limits::default());
    let mut raw = Raw::connect(world.gateway, &[]);
    let mut bytes = frame(
        kind::HEADERS,
        END_HEADERS,
        1,
        &block(&request("POST", "/p")),
    );
    bytes.extend(frame(kind::DATA, 0, 1, b"abc"));
    let trailers = fields(&["authorization: Bearer secret", "x-secret: a"]);
    let flags = END_HEADERS | END_STREAM;
    bytes.extend(frame(kind::HEADERS, flags, 1, &block(&trailers)));
    raw.send(&bytes).expect("the gateway takes it");
    assert_eq!(raw.outcome(1), Outcome::Answered(200, true));
    let seen = &world.requests()[0];
    assert!(!format!("{seen:?}").contains("secret"), "{seen:?}");
    assert_eq!(seen.body, b"abc");
}
