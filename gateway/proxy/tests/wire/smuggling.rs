//! Hostile and odd requests against a real gateway, each with the one right outcome.

use gateway_proxy::Limits;

use crate::cases::{Case, run, section};
use crate::harness::{OUR_CREDENTIAL, World, answers};
use crate::readers::{Seen, agree};

/// One gateway for each table: what one case leaves behind would show in the next.
fn world() -> &'static World {
    thread_local! {
        static WORLD: &'static World = Box::leak(Box::new(World::start(Limits::default())));
    }
    WORLD.with(|world| *world)
}

/// Follows every payload on its connection. It is answered exactly if the gateway and the payload
/// agree about where the payload ends.
const LAST: &str = "GET /last HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

const TABLE: &str = include_str!("cases/requests.txt");

/// Statuses and targets that a case must come to, `LAST` included.
fn wanted(outcome: &str) -> (Vec<u16>, Vec<&str>) {
    let mut words = outcome.split(' ');
    let kind = words.next();
    let rest: Vec<&str> = words.collect();
    match kind {
        Some("refused") => (vec![rest[0].parse().expect("a status")], vec![]),
        Some("answered") => (vec![rest[0].parse().expect("a status"), 200], vec!["/last"]),
        Some("passed") => (vec![200; rest.len() + 1], [&rest[..], &["/last"]].concat()),
        Some("closed") => (vec![200; rest.len()], rest),
        _ => unreachable!("unknown outcome {outcome}"),
    }
}

/// Sends a payload and holds what came of it against what was expected; returns what the upstream
/// saw.
fn check(case: &Case) -> Result<Vec<Seen>, String> {
    let world = world();
    world.forget();
    let exchange = world.exchange(&[&case.bytes[..], LAST.as_bytes()].concat());
    let (statuses, cut) = answers(&exchange.bytes);
    let seen = world.requests();
    let targets: Vec<_> = seen.iter().map(|seen| seen.target.as_str()).collect();
    if (statuses.clone(), targets.clone()) != wanted(&case.outcome) || cut || !exchange.closed {
        let wanted = &case.outcome;
        return Err(format!(
            "wanted {wanted}, got {statuses:?}, upstream {targets:?}, {exchange:?}"
        ));
    }
    Ok(seen)
}

#[track_caller]
fn check_all(cases: &[Case]) {
    run(cases, |case| check(case).map(|_| ()));
    nothing_is_ambiguous();
}

/// Both readers agree about every byte that ever reached the upstream, and every request in them is
/// one that was sent.
#[track_caller]
fn nothing_is_ambiguous() {
    let log = world().log.lock().expect("no poison");
    assert_eq!(log.wrong, [""; 0], "bytes that no strict reader takes");
    for connection in &log.connections {
        for seen in agree(connection).expect("unambiguous").0 {
            assert!(!seen.target.contains("smuggled"), "smuggled: {seen:?}");
            assert_eq!(seen.values("authorization"), [OUR_CREDENTIAL], "{seen:?}");
        }
    }
}

fn get(line: &str, fields: &str) -> String {
    format!("{line}\r\nHost: localhost\r\n{fields}\r\n")
}

fn post(fields: &str, body: &str) -> String {
    format!("POST /p HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n{body}")
}

const CHUNKED: &str = "Transfer-Encoding: chunked\r\n";

#[test]
fn lengths_and_codings_that_readers_weigh_differently_are_refused() {
    check_all(&section(TABLE, "lengths"));
}

#[test]
fn chunks_that_readers_cut_differently_are_refused() {
    let mut cases = section(TABLE, "chunks");
    for (wanted, name, body) in [
        (
            "refused 400",
            "long extension",
            format!("5;{}\r\nabcde\r\n0\r\n\r\n", "a".repeat(5000)),
        ),
        (
            "refused 431",
            "many trailers",
            format!("0\r\n{}\r\n", "A: b\r\n".repeat(200)),
        ),
        (
            "refused 431",
            "long trailer",
            format!("0\r\nA: {}\r\n\r\n", "b".repeat(20_000)),
        ),
    ] {
        cases.push(Case::new(wanted, name, post(CHUNKED, &body)));
    }
    check_all(&cases);
}

// Trailers are nobody's fields. None of them is forwarded, in whatever place.
#[test]
fn trailers_do_not_pass() {
    let payload = post(CHUNKED, "0\r\nAuthorization: Bearer stolen\r\n\r\n");
    let seen = check(&Case::new("passed /p", "", payload)).expect("passes");
    assert!(!format!("{seen:?}").contains("stolen"), "{seen:?}");
}

#[test]
fn hosts_other_than_one_plain_one_are_refused() {
    check_all(&section(TABLE, "hosts"));
}

#[test]
fn request_lines_of_other_shapes_are_refused() {
    let mut cases = section(TABLE, "request lines");
    let long = format!("GET /{} HTTP/1.1", "g".repeat(9000));
    cases.push(Case::new("refused 414", "long target", get(&long, "")));
    check_all(&cases);
}

#[test]
fn field_lines_of_other_shapes_are_refused() {
    let mut cases = section(TABLE, "field lines");
    let large = format!("A: {}\r\n", "b".repeat(20_000));
    for (outcome, fields) in [
        ("refused 431", "A: b\r\n".repeat(120)),
        ("refused 431", large.repeat(4)),
        ("passed /g", large.repeat(3)),
    ] {
        cases.push(Case::new(
            outcome,
            "many or large fields",
            get("GET /g HTTP/1.1", &fields),
        ));
    }
    check_all(&cases);
}

#[test]
fn twins_of_protected_names_are_refused() {
    check_all(&section(TABLE, "twins"));
}

#[test]
fn upgrades_are_not_passed_and_do_not_happen() {
    check_all(&section(TABLE, "upgrades"));
}

#[test]
fn expectations_are_met_or_refused() {
    check_all(&section(TABLE, "expectations"));
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    check_all(&section(TABLE, "pipelines"));
}

#[test]
fn nothing_behind_a_refused_request_is_read() {
    let good = get("GET /1 HTTP/1.1", "");
    let body = post("Content-Length: 3\r\n", "abc");
    // The good one is answered, the bad one refused, the rest never read.
    let world = world();
    world.forget();
    let bad = "GET /bad HTTP/1.1\r\nHost: localhost\r\nHost: b\r\n\r\n";
    let exchange = world.exchange(
        format!("{good}{body}{bad}GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes(),
    );
    assert_eq!(
        answers(&exchange.bytes),
        (vec![200, 200, 400], false),
        "{exchange:?}"
    );
    let targets: Vec<_> = world
        .requests()
        .into_iter()
        .map(|seen| seen.target)
        .collect();
    assert_eq!(
        (targets, exchange.closed),
        (vec!["/1".to_owned(), "/p".to_owned()], true)
    );
}

// What passes is rebuilt.
#[test]
fn fields_for_one_hop_and_credentials_of_the_client_do_not_pass() {
    let fields = "Connection: keep-alive, X-Hop, Authorization, Host, Content-Length, Waybill-Account\r\n\
        X-Hop: secret1\r\nKeep-Alive: secret2\r\nProxy-Connection: secret3\r\nTE: gzip, secret4\r\n\
        Trailer: X-Secret5\r\nUpgrade: h2c\r\nHTTP2-Settings: secret6\r\nProxy-Authorization: secret7\r\n\
        Authorization: Bearer secret8\r\nCookie: secret9\r\nX-Api-Key: secret10\r\nAccessLicenseNumber: secret11\r\n\
        X-Forwarded-For: secret12\r\nForwarded: for=secret13\r\nX-Real-IP: secret14\r\nX-Own: kept\r\n\
        Content-Length: 3\r\n";
    let seen = check(&Case::new("passed /p", "", post(fields, "abc"))).expect("passes");
    let text = format!("{:?}", seen[0]).to_lowercase();
    assert!(!text.contains("secret") && !text.contains("h2c"), "{text}");
    assert_eq!(seen[0].values("x-own"), ["kept"]);
    assert_eq!(seen[0].values("authorization"), [OUR_CREDENTIAL]);
    assert_eq!(seen[0].values("via").len(), 1);
    assert_eq!(seen[0].body, b"abc");
    for name in [
        "connection",
        "te",
        "upgrade",
        "trailer",
        "keep-alive",
        "cookie",
        "expect",
    ] {
        assert_eq!(seen[0].values(name), [""; 0], "{name}");
    }
    nothing_is_ambiguous();
}
