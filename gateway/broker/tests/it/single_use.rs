//! Single-use grants: what is durable before what, and what follows when the ledger fails.

use crate::{
    ledger::{Act, Memory},
    support::{Answer, Script, TokioClock, World, consented, fails, grant, main_account, soon},
};
use gateway_broker::recover;
use gateway_model::{Failure, FailureClass, GrantStatus, GrantVersion, IntentId, SecretBytes};
use gateway_store::{GrantRecord, Intent, StoredToken, Timestamp};
use std::{sync::Arc, time::Duration};

/// Intent, then the request, then the new grant, then its use.
#[tokio::test(start_paused = true)]
async fn refresh_is_durable_step_by_step() {
    let world = World::signed_in(Script::new([Answer::Token(3_600)]));
    world.acquire().await.unwrap();
    assert_eq!(world.ledger.acts(), [Act::Intent, Act::Complete]);
    assert_eq!(world.script.seen()[0].1, b"state-0");
    let kept = world.ledger.grant();
    assert_eq!((kept.version.0, kept.status), (4, GrantStatus::Held));
    assert_eq!(kept.state.expose(), b"state-1");
    // The next one presents the new refresh token, of the new version.
    world.handle.renew(&main_account(), soon(30)).await.unwrap();
    assert_eq!(world.script.seen()[1].1, b"state-1");
    assert_eq!(world.ledger.grant().version, GrantVersion(5));
}

/// Without a durable intent nothing is sent, and the grant stays whole.
#[tokio::test(start_paused = true)]
async fn intent_that_cannot_be_recorded_sends_nothing() {
    let world = World::signed_in(Script::new([Answer::Token(3_600)]));
    world.ledger.fail(Act::Intent, 2);
    world.acquire_within(1).await.unwrap_err();
    assert_eq!(world.script.calls(), 0);
    assert_eq!(world.status().grant, GrantStatus::Held);
    // The store is back: so is the account, by itself.
    tokio::time::sleep(Duration::from_secs(300)).await;
    assert!(world.token().is_some());
    assert_eq!(world.script.seen()[0].1, b"state-0");
}

/// The new grant could not be written at once. It serves, is written later, and no second
/// presentation overtakes it.
#[tokio::test(start_paused = true)]
async fn completion_that_fails_at_first_is_written_before_the_next_intent() {
    let world = World::signed_in(Script::new([Answer::Token(3_600)]));
    world.ledger.fail(Act::Complete, 20);
    world.acquire().await.unwrap();
    assert!(world.token().is_some());
    assert_eq!(world.ledger.grant().status, GrantStatus::Presenting);
    world
        .handle
        .renew(&main_account(), soon(600))
        .await
        .unwrap();
    let acts = world.ledger.acts();
    assert_eq!(
        acts,
        [Act::Intent, Act::Complete, Act::Intent, Act::Complete]
    );
    assert_eq!(world.script.seen()[1].1, b"state-1");
}

/// What a failure makes of the grant is durable too.
#[tokio::test(start_paused = true)]
async fn failures_are_resolved_by_what_they_did_to_the_grant() {
    let mut unreachable = Failure::new(FailureClass::Transient, "dns", "no such host");
    unreachable.certainly_not_sent = true;
    for (answer, status) in [
        (Answer::Fails(unreachable), GrantStatus::Held),
        (
            fails(FailureClass::Transient, "timeout"),
            GrantStatus::OutcomeUnknown,
        ),
        (
            fails(FailureClass::Protocol, "html"),
            GrantStatus::OutcomeUnknown,
        ),
        (fails(FailureClass::Rejected, "10401"), GrantStatus::Held),
        (
            fails(FailureClass::Interaction, "10400"),
            GrantStatus::Spent,
        ),
        (Answer::Panics, GrantStatus::OutcomeUnknown),
    ] {
        let world = World::signed_in(Script::new([answer.clone(), Answer::Never]));
        world.acquire_within(1).await.unwrap_err();
        assert_eq!(
            world.ledger.acts()[..2],
            [Act::Intent, Act::Resolve],
            "{answer:?}"
        );
        assert_eq!(world.ledger.resolved_to(), Some(status), "{answer:?}");
    }
}

/// A login during a refresh wins, whatever the late answer says.
#[tokio::test(start_paused = true)]
async fn login_during_a_refresh_fences_the_late_answer_out() {
    let script = Script::slow([Answer::Token(3_600)], Duration::from_secs(5));
    let world = World::signed_in(script);
    world.acquire_within(1).await.unwrap_err();
    let mut login = grant(GrantStatus::Held);
    login.version = GrantVersion(4);
    login.state = SecretBytes::new(b"login".to_vec());
    world.ledger.replace(login.clone());
    assert!(world.broker.adopt(&login));
    tokio::time::sleep(Duration::from_secs(10)).await;
    let kept = world.ledger.grant();
    assert_eq!((kept.version.0, kept.state.expose()), (4, &b"login"[..]));
    world.acquire().await.unwrap();
    assert_eq!(world.script.seen()[1].1, b"login");
}

/// The client secret changed while a refresh was under way. The rotated refresh token counts; the
/// access token of the old secret does not, not even after a restart.
#[tokio::test(start_paused = true)]
async fn token_of_the_old_secret_is_not_kept_as_the_new_ones() {
    let script = Script::slow(
        [Answer::Token(3_600), Answer::Never],
        Duration::from_secs(5),
    );
    let world = World::signed_in(Arc::clone(&script));
    world.acquire_within(1).await.unwrap_err();
    let changed = consented("another secret", &script);
    world.broker.add_account(changed.clone());
    tokio::time::sleep(Duration::from_secs(20)).await;
    assert!(world.token().is_none());
    let kept = world.ledger.grant();
    assert_eq!(kept.state.expose(), b"state-1");
    let restarted = World::keeping(kept.clone(), Script::new([Answer::Never]));
    restarted.broker.add_account(changed);
    assert!(restarted.broker.adopt(&kept));
    assert!(
        restarted.token().is_none(),
        "a token of the old secret came back as one of the new"
    );
}

/// Somebody else moved the grant on, and nobody told this broker. It takes over what they left.
#[tokio::test(start_paused = true)]
async fn fenced_intent_takes_over_the_newer_grant() {
    let world = World::signed_in(Script::new([Answer::Token(3_600)]));
    let mut newer = grant(GrantStatus::Held);
    newer.version = GrantVersion(9);
    newer.state = SecretBytes::new(b"newer".to_vec());
    world.ledger.replace(newer);
    let refused = world.acquire_within(1).await;
    refused.unwrap_err();
    assert_eq!(
        world.script.calls(),
        0,
        "the outdated refresh token was not presented"
    );
    world.acquire().await.unwrap();
    assert_eq!(world.script.seen()[0].1, b"newer");
    assert_eq!(world.ledger.grant().version, GrantVersion(10));
}

/// Recovery, with and without the answer on record, for both kinds of presentation.
#[tokio::test(start_paused = true)]
async fn open_intent_is_resolved_without_asking_the_carrier() {
    let answer = || Some(SecretBytes::new(b"recorded".to_vec()));
    for (status, answer, reply, expected) in [
        (
            GrantStatus::Presenting,
            None,
            None,
            GrantStatus::OutcomeUnknown,
        ),
        (GrantStatus::LastChance, None, None, GrantStatus::Spent),
        (
            GrantStatus::Presenting,
            answer(),
            Some(Answer::Token(3_600)),
            GrantStatus::Held,
        ),
        (
            GrantStatus::Presenting,
            answer(),
            Some(fails(FailureClass::Interaction, "10400")),
            GrantStatus::Spent,
        ),
        (
            GrantStatus::LastChance,
            answer(),
            Some(fails(FailureClass::Protocol, "html")),
            GrantStatus::Spent,
        ),
        // The same once more after the next restart: the intent stays with its answer.
        (
            GrantStatus::Spent,
            answer(),
            Some(fails(FailureClass::Protocol, "html")),
            GrantStatus::Spent,
        ),
    ] {
        let replayed = answer.is_some();
        let mut open = grant(status);
        open.intent = Some(Intent {
            id: IntentId::new("open"),
            at: Timestamp(1_799_999_999_000),
            reason: "due".to_owned(),
            answer,
        });
        let ledger = Memory::of(open.clone());
        let script = Script::new([reply.unwrap_or(Answer::Never)]);
        let spec = consented("secret", &script);
        let record = recover(&spec, open, &ledger, &TokioClock).await.unwrap();
        assert_eq!(record.status, expected, "{status:?}");
        assert!(record.intent.is_none());
        assert_eq!(ledger.grant().status, expected);
        assert_eq!(
            script.calls(),
            usize::from(replayed),
            "only a record is read"
        );
    }
}

/// Whatever the store kept, a token of other credentials or one that is over is never used.
#[tokio::test(start_paused = true)]
async fn stored_token_is_used_only_with_its_own_credentials_and_in_its_time() {
    let script = Script::new([Answer::Token(3_600)]);
    let world = World::signed_in(Arc::clone(&script));
    world.acquire().await.unwrap();
    let kept = world.ledger.grant();
    let token = kept.token.clone().expect("a token was kept");
    let over = StoredToken {
        expires_at: Some(Timestamp(1_000)),
        ..token.clone()
    };
    let foreign = StoredToken {
        key: [7; 32],
        ..token.clone()
    };
    for (token, usable) in [(token, true), (over, false), (foreign, false)] {
        let record = GrantRecord {
            token: Some(token),
            ..kept.clone()
        };
        let next = World::keeping(record, Script::new([Answer::Never]));
        assert_eq!(next.token().is_some(), usable);
        assert_eq!(next.status().grant, GrantStatus::Held);
    }
}
