//! Phases 5 and 8: taking the credential, and once more after the carrier rejected it.

use super::harness::{TestClock, Upstream, Wants, World, answer, ok, post, usable};
use crate::{Limits, RenewalOutcome};
use gateway_model::{CredentialState, Unavailable, UnavailableReason};
use std::{sync::atomic::Ordering, time::Duration};

fn absent(reason: UnavailableReason) -> CredentialState {
    CredentialState::Absent(why(reason))
}

fn why(reason: UnavailableReason) -> Unavailable {
    Unavailable {
        reason,
        message: "sign in at https://waybill/consent".into(),
        retry_at: None,
    }
}

const HOUR: Duration = Duration::from_secs(3600);

#[test]
fn missing_token_is_waited_for_once() {
    let upstream = Upstream::fine();
    let world = World::new(
        upstream.addr,
        Wants {
            on_acquire: Box::new(|cell| {
                cell.publish(usable(&TestClock::default(), 7, HOUR));
                Ok(())
            }),
            ..Wants::default()
        },
    );
    world.cells["main"].publish(absent(UnavailableReason::Pending));
    assert_eq!(world.send(&post("/api", "", "{}")).status(), 200);
    assert_eq!(world.send(&post("/api", "", "{}")).status(), 200);
    assert_eq!(upstream.seen()[1].one("authorization"), "Bearer carrier-7");
    assert_eq!(world.broker.acquired.load(Ordering::SeqCst), 1);
}

#[test]
fn new_generation_is_used_by_the_next_request() {
    let upstream = Upstream::fine();
    let world = World::new(upstream.addr, Wants::default());
    let mut client = world.connect();
    for generation in 1..5 {
        world.cells["main"].publish(usable(&world.clock, generation, HOUR));
        client.write(post("/api", "", "{}").as_bytes());
        client.read();
    }
    let used: Vec<_> = upstream
        .seen()
        .iter()
        .map(|seen| seen.one("authorization").to_owned())
        .collect();
    let expected: Vec<_> = (1..5).map(|n| format!("Bearer carrier-{n}")).collect();
    assert_eq!(used, expected);
}

#[test]
fn expired_token_is_never_sent() {
    let upstream = Upstream::fine();
    let world = World::new(upstream.addr, Wants::default());
    world.clock.advance(2 * HOUR);
    // The coarse clock follows within a tick or two.
    let mut got = world.send(&post("/api", "", "{}"));
    while got.status() == 200 {
        got = world.send(&post("/api", "", "{}"));
    }
    assert_eq!(
        (got.status(), got.one("waybill-error")),
        (503, "token_unavailable")
    );
    assert_eq!(got.one("retry-after"), "1");
}

#[test]
fn reasons_become_statuses_and_codes() {
    use UnavailableReason as Reason;
    let cases = [
        (Reason::CarrierUnreachable, 502, "carrier_unreachable"),
        (Reason::RateLimited, 503, "rate_limited"),
        (Reason::CredentialsRejected, 503, "credentials_rejected"),
        (Reason::NeedsConsent, 503, "needs_consent"),
        (Reason::Misconfigured, 503, "misconfigured"),
        (Reason::PluginFault, 503, "plugin_fault"),
    ];
    for (reason, status, code) in cases {
        let upstream = Upstream::fine();
        let world = World::new(
            upstream.addr,
            Wants {
                on_acquire: Box::new(move |_| Err(why(reason))),
                ..Wants::default()
            },
        );
        world.cells["main"].publish(absent(reason));
        let got = world.send(&post("/api", "", "{}"));
        assert_eq!((got.status(), got.one("waybill-error")), (status, code));
        assert!(
            got.one("retry-after")
                .parse::<u32>()
                .is_ok_and(|seconds| seconds >= 1)
        );
        assert!(
            got.text().contains("https://waybill/consent"),
            "{}",
            got.text()
        );
        assert!(upstream.seen().is_empty());
    }
}

fn rejects_first() -> Upstream {
    Upstream::start(Box::new(|_, message| {
        if message.one("authorization") == "Bearer carrier-1" {
            answer("401 Unauthorized", "{\"no\":1}")
        } else {
            ok("{\"yes\":1}")
        }
    }))
}

fn renews() -> Wants {
    Wants {
        on_unauthorized: Box::new(|cell| {
            cell.publish(usable(&TestClock::default(), 2, HOUR));
            RenewalOutcome::Renewed
        }),
        ..Wants::default()
    }
}

#[test]
fn rejected_request_is_replayed_once_with_the_newer_token() {
    let upstream = rejects_first();
    let world = World::new(upstream.addr, renews());
    let got = world.send(&post("/api?x", "x-kept: 1\r\n", "{\"a\":1}"));
    assert_eq!((got.status(), got.text().as_str()), (200, "{\"yes\":1}"));
    let seen = upstream.seen();
    assert_eq!(seen.len(), 2);
    assert_eq!(seen[0].start, seen[1].start);
    assert_eq!(seen[0].body, seen[1].body);
    assert_eq!(
        (seen[1].one("authorization"), seen[1].one("x-kept")),
        ("Bearer carrier-2", "1")
    );
    assert_eq!(seen[1].one("content-length"), "7");
    assert_eq!(seen[0].one("transid"), seen[1].one("transid"));
    assert_eq!(upstream.connections(), 1, "the first connection is reused");
}

#[test]
fn rejected_chunked_request_is_replayed_whole() {
    let upstream = rejects_first();
    let world = World::new(upstream.addr, renews());
    let got = world.send(
        "POST /api HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n\
         5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n",
    );
    assert_eq!(got.status(), 200);
    assert_eq!(upstream.seen()[1].body, b"hello world");
}

#[test]
fn body_too_large_to_hold_passes_the_rejection_on() {
    let upstream = rejects_first();
    let limits = Limits {
        replay_bytes: 8,
        ..Limits::default()
    };
    let world = World::new(upstream.addr, Wants { limits, ..renews() });
    let got = world.send(&post("/api", "", "{\"longer\":true}"));
    assert_eq!((got.status(), got.text().as_str()), (401, "{\"no\":1}"));
    assert_eq!(upstream.seen().len(), 1);
}

#[test]
fn lasting_rejection_is_passed_on_after_one_replay() {
    let upstream = Upstream::start(Box::new(|_, _| answer("401 Unauthorized", "{\"no\":1}")));
    let world = World::new(upstream.addr, renews());
    let got = world.send(&post("/api", "", "{}"));
    assert_eq!((got.status(), got.text().as_str()), (401, "{\"no\":1}"));
    assert_eq!(got.one("waybill-account"), "main");
    assert_eq!(upstream.seen().len(), 2);
}

#[test]
fn rejection_without_a_newer_token_is_passed_on() {
    let upstream = rejects_first();
    let world = World::new(upstream.addr, Wants::default());
    let got = world.send(&post("/api", "", "{}"));
    assert_eq!((got.status(), got.text().as_str()), (401, "{\"no\":1}"));
    assert_eq!(upstream.seen().len(), 1);
    assert_eq!(world.broker.unauthorized.load(Ordering::SeqCst), 1);
}
