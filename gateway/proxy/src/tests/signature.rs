//! Phase 6: requests of carriers that want each one signed.

use super::harness::{Script, TestClock, Upstream, Wants, World, answer, ok, post, usable};
use crate::{Limits, RenewalOutcome};
use gateway_model::{
    CredentialState, Failure, FailureClass, PendingSignature, SignRequest, Signature, Signer,
    Unavailable, UnavailableReason,
};
use http::{HeaderName, HeaderValue};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

const HOUR: Duration = Duration::from_secs(3600);

/// Writes into a field what it was shown, and counts.
#[derive(Debug, Default)]
struct Shows {
    body: bool,
    calls: AtomicU64,
    fails_from: u64,
    class: Option<FailureClass>,
    /// Another process makes the signature.
    elsewhere: bool,
}

impl Signer for Shows {
    fn needs_body(&self) -> bool {
        self.body
    }

    fn sign(&self, request: &SignRequest<'_>) -> Signature {
        let call = self.calls.fetch_add(1, Ordering::SeqCst) + 1;
        let signed = match self.class.filter(|_| call >= self.fails_from) {
            Some(class) => Err(Failure::new(class, "no_key", "the key is gone")),
            None => Ok(shown(call, request)),
        };
        if self.elsewhere {
            return Signature::Pending(PendingSignature::new(async move {
                // As another process would: not at the first look.
                tokio::task::yield_now().await;
                signed
            }));
        }
        Signature::Ready(signed)
    }
}

/// What a signer is shown, as two fields of one name.
fn shown(call: u64, request: &SignRequest<'_>) -> Vec<(HeaderName, HeaderValue)> {
    let SignRequest {
        method,
        authority,
        path_and_query,
        headers,
        body,
        state,
    } = request;
    let token = headers.get("authorization").expect("a credential");
    let token = token.to_str().expect("text");
    let body = String::from_utf8(body.concat()).expect("text");
    let state = String::from_utf8_lossy(state);
    let text = format!("{call}|{method} {authority} {path_and_query}|{token}|{state}|{body}");
    let named = |name: &'static str| HeaderName::from_static(name);
    vec![
        (named("x-signature"), "first".parse().expect("a value")),
        (named("x-signature"), text.parse().expect("a value")),
    ]
}

/// A world whose account `main` has this signer.
fn world(upstream: &Upstream, signer: Shows, wants: Wants) -> (World, Arc<Shows>) {
    let signer = Arc::new(signer);
    let used = Arc::clone(&signer);
    let change = move |directory: &mut crate::Directory| {
        let named = |account: &&mut crate::Account| account.id.as_str() == "main";
        let main = directory.accounts.iter_mut().find(named);
        main.expect("an account").signer = Some(used);
    };
    let wants = Wants {
        change: Box::new(change),
        ..wants
    };
    (World::new(upstream.addr, wants), signer)
}

fn reads_body() -> Shows {
    Shows {
        body: true,
        ..Shows::default()
    }
}

const CHUNKED: &str = "POST /api HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n\
                       5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n";

#[test]
fn request_waits_for_a_signature_of_another_process() {
    let upstream = Upstream::fine();
    let signer = Shows {
        elsewhere: true,
        ..reads_body()
    };
    let (world, _) = world(&upstream, signer, Wants::default());
    let got = world.send(&post("/api?x=1", "x-signature: forged\r\n", "{}"));
    assert_eq!(got.status(), 200);
    let origin = upstream.addr;
    let expected = format!("1|POST {origin} /api?x=1|Bearer carrier-1|1|{{}}");
    assert_eq!(upstream.seen()[0].one("x-signature"), expected);
    // A promise that is broken is a request that is not sent.
    let signer = Shows {
        elsewhere: true,
        class: Some(FailureClass::Transient),
        ..reads_body()
    };
    let upstream = Upstream::fine();
    let (world, _) = self::world(&upstream, signer, Wants::default());
    let got = world.send(&post("/api", "", "{}"));
    assert_eq!(got.status(), 503);
    assert!(upstream.seen().is_empty());
}

#[test]
fn request_is_signed_after_its_credential_is_in() {
    let upstream = Upstream::fine();
    let (world, _) = world(&upstream, Shows::default(), Wants::default());
    // What the client sends under the signature's name is gone.
    let got = world.send(&post("/api?x=1", "x-signature: forged\r\n", "{}"));
    assert_eq!(got.status(), 200);
    let seen = &upstream.seen()[0];
    let origin = upstream.addr;
    let expected = format!("1|POST {origin} /api?x=1|Bearer carrier-1|1|");
    assert_eq!(seen.one("x-signature"), expected);
    assert_eq!(
        (seen.one("content-length"), seen.text().as_str()),
        ("2", "{}")
    );
}

#[test]
fn account_without_signer_is_not_signed() {
    let upstream = Upstream::fine();
    let (world, signer) = world(&upstream, reads_body(), Wants::default());
    let got = world.send(&post("/api", "waybill-account: other\r\n", "{}"));
    assert_eq!(got.status(), 200);
    assert!(upstream.seen()[0].all("x-signature").is_empty());
    assert_eq!(signer.calls.load(Ordering::SeqCst), 0);
}

#[test]
fn signature_over_the_content_sees_all_of_it_however_it_comes() {
    let upstream = Upstream::fine();
    let (world, _) = world(&upstream, reads_body(), Wants::default());
    assert_eq!(world.send(CHUNKED).status(), 200);
    assert_eq!(
        world
            .send("GET /api HTTP/1.1\r\nhost: localhost\r\n\r\n")
            .status(),
        200
    );
    let slow = post("/api", "", "one two three");
    let (head, tail) = slow.split_at(slow.len() - 6);
    let mut client = world.connect();
    client.write(head.as_bytes());
    // The head alone is not sent on.
    while world.metrics().requests_in_flight == 0 {
        std::thread::yield_now();
    }
    assert_eq!(upstream.seen().len(), 2);
    client.write(tail.as_bytes());
    assert_eq!(client.read().status(), 200);
    let seen = upstream.seen();
    let bodies: Vec<_> = seen
        .iter()
        .map(|seen| {
            seen.one("x-signature")
                .rsplit('|')
                .next()
                .map(str::to_owned)
        })
        .map(Option::unwrap_or_default)
        .collect();
    assert_eq!(bodies, ["hello world", "", "one two three"]);
    // What was collected has a length.
    assert_eq!(seen[0].one("content-length"), "11");
    assert!(seen[0].all("transfer-encoding").is_empty());
    assert_eq!(seen[0].text(), "hello world");
    assert_eq!(seen[2].text(), "one two three");
}

#[test]
fn body_too_large_to_hold_is_refused_when_it_has_to_be_signed() {
    let upstream = Upstream::fine();
    let limits = || Limits {
        replay_bytes: 8,
        ..Limits::default()
    };
    let wants = Wants {
        limits: limits(),
        ..Wants::default()
    };
    let (strict, _) = world(&upstream, reads_body(), wants);
    for request in [post("/api", "", "{\"longer\":true}"), CHUNKED.to_owned()] {
        let got = strict.send(&request);
        assert_eq!(
            (got.status(), got.one("waybill-error")),
            (413, "body_too_large_to_sign")
        );
        assert!(got.text().contains("replay_buffer"), "{}", got.text());
    }
    assert!(upstream.seen().is_empty());
    assert_eq!(strict.send(&post("/api", "", "12345678")).status(), 200);
    // A signature of the head alone lets bodies of any size stream.
    let wants = Wants {
        limits: limits(),
        ..Wants::default()
    };
    let (lax, _) = world(&upstream, Shows::default(), wants);
    assert_eq!(lax.send(CHUNKED).status(), 200);
    assert_eq!(upstream.seen()[1].text(), "hello world");
}

#[test]
fn body_that_breaks_off_before_it_is_signed_is_the_apps_fault() {
    let upstream = Upstream::fine();
    let (world, signer) = world(&upstream, reads_body(), Wants::default());
    let mut client = world.connect();
    client.write(
        b"POST /api HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\nZZ\r\n",
    );
    let got = client.read();
    assert_eq!(got.status(), 400);
    assert!(upstream.seen().is_empty());
    assert_eq!(signer.calls.load(Ordering::SeqCst), 0);
}

#[test]
fn request_that_cannot_be_signed_is_never_sent() {
    for (class, code) in [
        (FailureClass::Bug, "plugin_fault"),
        (FailureClass::Config, "signature_failed"),
        (FailureClass::Rejected, "signature_failed"),
        (FailureClass::Interaction, "signature_failed"),
        (FailureClass::Transient, "signature_failed"),
        (FailureClass::Protocol, "signature_failed"),
    ] {
        let upstream = Upstream::fine();
        let signer = Shows {
            class: Some(class),
            ..Shows::default()
        };
        let (world, _) = world(&upstream, signer, Wants::default());
        let got = world.send(&post("/api", "", "{}"));
        assert_eq!((got.status(), got.one("waybill-error")), (503, code));
        assert!(got.text().contains("the key is gone"), "{}", got.text());
        assert_eq!(got.one("retry-after"), "60");
        assert!(upstream.seen().is_empty(), "{class:?}");
    }
}

/// Answers 401 to the first token.
fn rejects_first() -> Upstream {
    let script: Script = Box::new(|_, message| {
        if message.one("authorization") == "Bearer carrier-1" {
            answer("401 Unauthorized", "{\"no\":1}")
        } else {
            ok("{\"yes\":1}")
        }
    });
    Upstream::start(script)
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
fn replay_is_signed_anew_with_its_own_credential() {
    let upstream = rejects_first();
    let (world, _) = world(&upstream, reads_body(), renews());
    for request in [post("/api", "", "{\"a\":1}"), CHUNKED.to_owned()] {
        world.cells["main"].publish(usable(&world.clock, 1, HOUR));
        assert_eq!(world.send(&request).status(), 200);
    }
    let signatures: Vec<_> = upstream
        .seen()
        .iter()
        .map(|seen| seen.one("x-signature").to_owned())
        .collect();
    let origin = upstream.addr;
    let expected = [
        (1, 1, "{\"a\":1}"),
        (2, 2, "{\"a\":1}"),
        (3, 1, "hello world"),
        (4, 2, "hello world"),
    ]
    .map(|(call, token, body)| {
        format!("{call}|POST {origin} /api|Bearer carrier-{token}|{token}|{body}")
    });
    assert_eq!(signatures, expected);
}

#[test]
fn replay_that_cannot_be_signed_is_not_sent() {
    let upstream = rejects_first();
    let signer = Shows {
        class: Some(FailureClass::Bug),
        fails_from: 2,
        ..Shows::default()
    };
    let (world, _) = world(&upstream, signer, renews());
    let got = world.send(&post("/api", "", "{}"));
    assert_eq!(
        (got.status(), got.one("waybill-error")),
        (503, "plugin_fault")
    );
    assert_eq!(upstream.seen().len(), 1);
}

#[test]
fn request_waits_for_its_first_token_and_is_then_signed() {
    let upstream = Upstream::fine();
    let wants = Wants {
        on_acquire: Box::new(|cell| {
            cell.publish(usable(&TestClock::default(), 7, HOUR));
            Ok(())
        }),
        ..Wants::default()
    };
    let (world, signer) = world(&upstream, reads_body(), wants);
    world.cells["main"].publish(CredentialState::Absent(Unavailable {
        reason: UnavailableReason::Pending,
        message: "not yet".into(),
        retry_at: None,
    }));
    assert_eq!(world.send(&post("/api", "", "{}")).status(), 200);
    let seen = upstream.seen();
    let signature = seen[0].one("x-signature");
    assert!(signature.ends_with("|Bearer carrier-7|7|{}"), "{signature}");
    assert_eq!(signer.calls.load(Ordering::SeqCst), 1);
}
