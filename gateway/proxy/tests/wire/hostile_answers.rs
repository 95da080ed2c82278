//! Hostile and odd answers of an upstream. What is wrong never reaches the client as a complete
//! answer, and never touches the answer to another request.

use gateway_proxy::Limits;

use crate::cases::{Case, run, section, unescape};
use crate::harness::{Answer, Exchange, World, answers};

fn ask(world: &World, bytes: &[u8], close: bool, method: &str) -> Exchange {
    world.log.lock().expect("no poison").hostile = Answer {
        bytes: bytes.to_vec(),
        close,
    };
    let request =
        format!("{method} /hostile HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    world.exchange(request.as_bytes())
}

const TABLE: &str = include_str!("cases/answers.txt");

/// Whether the exchange came to what the case says.
fn is_as_wanted(outcome: &str, exchange: &Exchange) -> bool {
    if !exchange.closed
        || exchange
            .bytes
            .iter()
            .any(|byte| *byte == 0 || *byte == 0x7f)
    {
        return false;
    }
    let (statuses, cut) = answers(&exchange.bytes);
    let words: Vec<_> = outcome.splitn(3, ' ').collect();
    match words[..] {
        ["502"] => statuses == [502] && !cut,
        // Nothing at all is an answer that breaks off, too.
        ["broken"] => statuses.is_empty() || statuses == [200] && (cut || exchange.reset),
        ["complete", status, body] => {
            let status: u16 = status.parse().expect("a status");
            statuses == [status] && !cut && exchange.bytes.ends_with(&unescape(body))
        }
        _ => unreachable!("unknown outcome {outcome}"),
    }
}

fn check(world: &World, case: &Case) -> Result<(), String> {
    let exchange = ask(world, &case.bytes, false, "GET");
    if !is_as_wanted(&case.outcome, &exchange) {
        return Err(format!("wanted {}, got {exchange:?}", case.outcome));
    }
    // The next caller gets the answer to its own question.
    let victim = victim(world);
    if victim.bytes.ends_with(b"[GET /victim 0]") {
        Ok(())
    } else {
        Err(format!("poisoned: {victim:?}"))
    }
}

fn victim(world: &World) -> Exchange {
    world.exchange(b"GET /victim HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
}

#[track_caller]
fn check_all(cases: &[Case]) {
    let world = World::start(Limits::default());
    run(cases, |case| check(&world, case));
}

fn head(fields: &str) -> String {
    format!("HTTP/1.1 200 OK\r\n{fields}\r\n")
}

const CHUNKED: &str = "Transfer-Encoding: chunked\r\n";

#[test]
fn answers_framed_in_two_ways_or_none_are_refused() {
    let mut cases = section(TABLE, "framing");
    cases.push(Case::new(
        "502",
        "many fields",
        head(&"A: b\r\n".repeat(150)),
    ));
    cases.push(Case::new(
        "502",
        "large head",
        head(&format!("A: {}\r\n", "b".repeat(80_000))),
    ));
    check_all(&cases);
}

#[test]
fn status_lines_that_are_none_are_refused() {
    let mut cases = section(TABLE, "status lines");
    let flood = "HTTP/1.1 103 Early Hints\r\n\r\n".repeat(500);
    cases.push(Case::new("502", "interim flood", flood));
    check_all(&cases);
}

#[test]
fn bodies_that_break_never_look_complete() {
    check_all(&section(TABLE, "bodies"));
    // The upstream goes away in the middle.
    let world = World::start(Limits::default());
    for (name, bytes) in [
        ("short length", head("Content-Length: 10\r\n") + "abc"),
        ("short chunk", head(CHUNKED) + "5\r\nabc"),
        ("no last chunk", head(CHUNKED) + "5\r\nabcde\r\n"),
        ("no end of trailers", head(CHUNKED) + "5\r\nabcde\r\n0\r\n"),
    ] {
        let exchange = ask(&world, bytes.as_bytes(), true, "GET");
        let (statuses, cut) = answers(&exchange.bytes);
        assert_eq!(statuses, [200], "{name}: {exchange:?}");
        assert!(
            exchange.closed && (cut || exchange.reset),
            "{name} looks complete: {exchange:?}"
        );
    }
    for bytes in [
        "",
        "HTTP/1.1 200",
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n",
        "HTTP/1.1 100 Continue\r\n\r\n",
    ] {
        let exchange = ask(&world, bytes.as_bytes(), true, "GET");
        assert_eq!(
            answers(&exchange.bytes),
            (vec![502], false),
            "{bytes:?}: {exchange:?}"
        );
    }
}

#[test]
fn bytes_behind_an_answer_never_become_the_next_one() {
    check_all(&section(TABLE, "left over"));
    // A body in answer to HEAD is not one.
    let world = World::start(Limits::default());
    let exchange = ask(
        &world,
        (head("Content-Length: 6\r\n") + "poison").as_bytes(),
        false,
        "HEAD",
    );
    assert!(
        exchange.bytes.ends_with(b"\r\n\r\n") && exchange.closed,
        "{exchange:?}"
    );
    let victim =
        world.exchange(b"GET /victim HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    assert!(victim.bytes.ends_with(b"[GET /victim 0]"), "{victim:?}");
}

#[test]
fn odd_but_sound_answers_pass() {
    check_all(&section(TABLE, "sound"));
    let world = World::start(Limits::default());
    let exchange = ask(&world, (head("") + "until close").as_bytes(), true, "GET");
    assert!(
        exchange.closed && memchr::memmem::find(&exchange.bytes, b"until close").is_some(),
        "{exchange:?}"
    );
}

#[test]
fn fields_for_one_hop_end_here() {
    let world = World::start(Limits::default());
    let fields = "Connection: close, X-Hop\r\nX-Hop: secret\r\nKeep-Alive: secret\r\nProxy-Authenticate: secret\r\n\
        Upgrade: secret\r\nTrailer: secret\r\nX-Own: kept\r\nContent-Length: 0\r\n";
    let exchange = ask(&world, head(fields).as_bytes(), false, "GET");
    let text = exchange.bytes.escape_ascii().to_string();
    assert!(
        !text.contains("secret") && text.contains("x-own: kept") && text.contains("via: "),
        "{text}"
    );
}
