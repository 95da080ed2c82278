//! Public corpora of malformed messages, if they are at hand: each message through a real gateway.
//!
//! They are data of others and not part of this project. `WAYBILL_CORPUS` names their directory;
//! without it a directory `shared/corpus` beside the workspace is looked for.

use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine as _;
use gateway_proxy::Limits;
use serde_json::Value;

use crate::harness::{Answer, OUR_CREDENTIAL, World, answers};
use crate::readers::agree;

/// Test output is the only way to say that a test did not run.
#[expect(clippy::print_stdout, reason = "cargo shows it with --nocapture")]
fn say(text: &str) {
    println!("{text}");
}

fn corpus(file: &str) -> Option<Vec<Value>> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    let directory = std::env::var_os("WAYBILL_CORPUS").map_or(beside, PathBuf::from);
    let path = directory.join(file);
    let Ok(text) = std::fs::read_to_string(&path) else {
        say(&format!(
            "skipped: no corpus at {}; set WAYBILL_CORPUS to its directory",
            path.display()
        ));
        return None;
    };
    Some(serde_json::from_str(&text).expect("the corpus is a JSON list"))
}

fn bytes(entry: &Value, key: &str) -> Vec<u8> {
    let text = entry[key].as_str().expect("base64 text");
    base64::engine::general_purpose::STANDARD
        .decode(text)
        .expect("base64")
}

/// Both readers agree about all bytes that reached the upstream, and nothing was smuggled.
fn judge_upstream(world: &World) {
    let log = world.log.lock().expect("no poison");
    assert_eq!(
        log.wrong, [""; 0],
        "bytes that a strict reader does not take"
    );
    let mut requests = 0;
    for connection in &log.connections {
        for seen in agree(connection).expect("unambiguous").0 {
            assert!(!seen.target.contains("smuggled"), "smuggled: {seen:?}");
            assert_eq!(seen.values("authorization"), [OUR_CREDENTIAL], "{seen:?}");
            requests += 1;
        }
    }
    say(&format!(
        "{requests} requests reached the upstream over {} connections",
        log.connections.len()
    ));
}

/// Each gadget stands beside a length, then alone in front of chunks. A gateway that is fooled takes
/// `GET /smuggled` for a request, or leaves it for the next one.
#[test]
fn coding_gadgets_smuggle_nothing() {
    let Some(gadgets) = corpus("smuggler_gadgets.json") else {
        return;
    };
    let world = World::start(Limits::default());
    let smuggled = b"0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: localhost\r\nA: ";
    let last = b"GET /last HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let mut passed = 0;
    for gadget in &gadgets {
        let field = bytes(gadget, "gadget_b64");
        let length = format!("Content-Length: {}\r\n", smuggled.len());
        let with_length = [
            b"POST /cl HTTP/1.1\r\nHost: localhost\r\n",
            length.as_bytes(),
            &field,
            b"\r\n\r\n",
            smuggled,
            last,
        ];
        let chunked = [
            b"POST /te HTTP/1.1\r\nHost: localhost\r\n".as_slice(),
            &field,
            b"\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
            last,
        ];
        for payload in [with_length.concat(), chunked.concat()] {
            world.forget();
            let exchange = world.exchange(&payload);
            let name = &gadget["id"];
            assert!(exchange.closed, "{name} hangs: {exchange:?}");
            let (statuses, cut) = answers(&exchange.bytes);
            assert!(!cut && !statuses.is_empty(), "{name}: {exchange:?}");
            let targets: Vec<_> = world
                .requests()
                .into_iter()
                .map(|seen| seen.target)
                .collect();
            match (&statuses[..], &targets[..]) {
                // Refused as a whole.
                ([400 | 417 | 431 | 501 | 505], []) => {}
                // Taken as a whole: the gadget was a harmless field or an honest coding.
                ([200, 200], [first, second]) if first != "/last" && second == "/last" => {
                    passed += 1
                }
                // Harmless without a length: no body, so the chunks are no head.
                ([200, 400], [only]) if only == "/te" => passed += 1,
                _ => panic!("{name}: {statuses:?}, upstream {targets:?}, {exchange:?}"),
            }
        }
    }
    say(&format!(
        "{} gadgets, twice each: {passed} payloads taken as harmless",
        gadgets.len()
    ));
    judge_upstream(&world);
}

/// Whatever a strict parser rejects must not reach the upstream in any doubtful shape; what it
/// accepts may be refused (the gateway has rules of its own) but must not be misread.
#[test]
fn requests_of_a_parsers_test_suite_are_never_misread() {
    let Some(entries) = corpus("llhttp_request.json") else {
        return;
    };
    // Some of them wait for a rest that never comes.
    let soon = Duration::from_secs(2);
    let world = World::start(Limits {
        head_read: soon,
        body_idle: soon,
        ..Limits::default()
    });
    let last = b"GET /last HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let judge = |entry: &Value| {
        let plain = bytes(entry, "b64");
        for message in [with_local_host(&plain), plain] {
            let exchange = world.exchange(&[&message[..], last].concat());
            let name = &entry["id"];
            assert!(
                exchange.closed && !exchange.bytes.is_empty(),
                "{name}: {exchange:?}"
            );
            if memchr::memmem::find(&message, b"HEAD ").is_none() {
                let (statuses, cut) = answers(&exchange.bytes);
                assert!(!cut && !statuses.is_empty(), "{name}: {exchange:?}");
            }
        }
    };
    std::thread::scope(|scope| {
        for part in entries.chunks(entries.len().div_ceil(16)) {
            scope.spawn(|| part.iter().for_each(judge));
        }
    });
    judge_upstream(&world);
}

/// The message with a `Host` that the gateway serves: most of the suite has none.
fn with_local_host(message: &[u8]) -> Vec<u8> {
    let mut lines: Vec<&[u8]> = message.split_inclusive(|&byte| byte == b'\n').collect();
    lines.retain(|line| !line.to_ascii_lowercase().starts_with(b"host:"));
    lines.insert(lines.len().min(1), b"Host: localhost\r\n");
    lines.concat()
}

/// Whatever a strict parser rejects never reaches the client as a complete answer.
#[test]
fn answers_of_a_parsers_test_suite_are_never_taken_over_when_rejected() {
    let Some(entries) = corpus("llhttp_response.json") else {
        return;
    };
    let world = World::start(Limits::default());
    for entry in &entries {
        let strict = entry["type"] == "response";
        let answer = bytes(entry, "b64");
        world.log.lock().expect("no poison").hostile = Answer {
            bytes: answer.clone(),
            close: true,
        };
        let exchange = world
            .exchange(b"GET /hostile HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        let (statuses, cut) = answers(&exchange.bytes);
        assert!(exchange.closed, "{}: {exchange:?}", entry["id"]);
        if strict
            && entry["llhttp_expect"] == "reject"
            && statuses != [502]
            && !statuses.is_empty()
            && !cut
            && !exchange.reset
        {
            // The rest was wrong: a complete answer in front of it is one, if it has a length.
            let framed = memchr::memmem::find(&answer, b"ength").is_some()
                || memchr::memmem::find(&answer, b" 204 ").is_some()
                || memchr::memmem::find(&answer, b" 304 ").is_some();
            assert!(
                framed,
                "{}: {} became {exchange:?}",
                entry["id"],
                answer.escape_ascii()
            );
        }
        let victim =
            world.exchange(b"GET /victim HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        assert!(
            victim.bytes.ends_with(b"[GET /victim 0]"),
            "poisoned by {}: {victim:?}",
            entry["id"]
        );
    }
}
