//! Plugins that misbehave, each in its own way.

use crate::{
    host::{Emitted, event},
    plugin::{live, open, try_open},
};
use plugins_sdk::abi::{FailClass, Status};

#[track_caller]
fn bug(emitted: &[Emitted], code: &str) {
    let [one] = emitted else {
        panic!("one failure was expected: {emitted:?}")
    };
    assert_eq!(one.code(), (FailClass::BUG, code));
}

#[track_caller]
fn message(emitted: &[Emitted]) -> &str {
    match emitted {
        [Emitted::Failed { message, .. }] => message,
        other => panic!("one failure was expected: {other:?}"),
    }
}

#[test]
fn new_that_panics_is_a_bug_and_leaks_nothing() {
    let (account, number) = try_open("new-panics");
    let (status, emitted) = account.err().unwrap();
    assert_eq!(status, Status::PANIC);
    bug(&emitted, "panic");
    assert_eq!(message(&emitted), "in new");
    assert_eq!(live(number), 0);
}

#[test]
fn new_that_refuses_says_why() {
    let (account, number) = try_open("new-refuses");
    let (status, emitted) = account.err().unwrap();
    assert_eq!(status, Status::FAILED);
    assert_eq!(emitted[0].code(), (FailClass::CONFIG, "mode"));
    assert_eq!(live(number), 0);
}

#[test]
fn configuration_that_is_none_is_refused() {
    let table = plugins_sdk::static_plugin!(
        crate::plugin::Behaviour, manifest: crate::plugin::MANIFEST);
    for config in ["", "{", "[]", "{\"mode\":7}", "\u{0}"] {
        let (status, emitted) = crate::host::Account::open(table, config).err().unwrap();
        assert_eq!(status, Status::FAILED, "{config}");
        assert_eq!(emitted[0].code(), (FailClass::CONFIG, "config"), "{config}");
    }
}

#[test]
fn first_poll_that_panics_poisons_the_operation() {
    let (account, number) = open("poll-panics");
    let (status, mut op, emitted) = account.begin();
    assert_eq!(status, Status::PANIC);
    bug(&emitted, "panic");
    assert_eq!(message(&emitted), "in poll");
    assert_eq!(op.answer(1, ""), (Status::PANIC, vec![]));
    drop(op);
    assert_eq!(live(number), 1);
    // The instance is as good as before.
    assert_eq!(account.begin().0, Status::PANIC);
}

#[test]
fn panic_after_an_answer_poisons_the_operation() {
    let (account, number) = open("answer-panics");
    let (_, mut op, _) = account.begin();
    let (status, emitted) = op.answer(1, "the answer");
    assert_eq!(status, Status::PANIC);
    assert_eq!(message(&emitted), "after the answer");
    assert_eq!(op.answer(1, ""), (Status::PANIC, vec![]));
    drop(op);
    assert_eq!(live(number), 1);
}

#[test]
fn long_panic_text_is_cut() {
    let (account, _) = open("answer-panics");
    let (_, mut op, _) = account.begin();
    let (_, emitted) = op.answer(1, &"ö".repeat(5_000));
    assert!(message(&emitted).len() <= 300);
}

#[test]
fn payload_that_panics_when_dropped_is_contained() {
    let (account, number) = open("payload-panics");
    let (status, op, emitted) = account.begin();
    assert_eq!(status, Status::PANIC);
    bug(&emitted, "panic");
    drop(op);
    assert_eq!(live(number), 1);
}

#[test]
fn destructor_that_panics_is_contained() {
    let (account, number) = open("drop-panics");
    drop(account.begin());
    let (_, mut op, _) = account.begin();
    let (status, emitted) = op.answer(1, "x");
    assert_eq!(
        status,
        Status::PANIC,
        "the future's last poll drops its locals"
    );
    bug(&emitted, "panic");
    drop(op);
    assert_eq!(live(number), 1);
    let (account, number) = open("instance-drop-panics");
    drop(account);
    assert_eq!(live(number), 0);
}

#[test]
fn future_that_waits_for_nothing_is_stalled() {
    let (account, _) = open("stalls");
    let (status, mut op, emitted) = account.begin();
    assert_eq!(status, Status::OK);
    bug(&emitted, "stalled");
    assert_eq!(op.answer(1, ""), (Status::OK, vec![]), "it has ended");
    let (account, _) = open("stalls-later");
    let (_, mut op, _) = account.begin();
    bug(&op.answer(1, "").1, "stalled");
}

#[test]
fn future_that_wakes_itself_for_ever_is_spinning() {
    let (account, _) = open("spins");
    bug(&account.begin().2, "spinning");
}

#[test]
fn late_repeated_and_foreign_events_change_nothing() {
    let (account, _) = open("sequential");
    let (_, mut op, _) = account.begin();
    for id in [0, 2, 99, u64::MAX] {
        assert_eq!(op.answer(id, "x"), (Status::OK, vec![]));
        assert_eq!(op.fire(id), (Status::OK, vec![]));
    }
    assert_eq!(op.answer(1, "a").1.len(), 1);
    assert_eq!(op.answer(1, "again"), (Status::OK, vec![]));
    assert_eq!(
        op.answer(2, "b").1[0].fields(),
        "authorization: Bearer ab\n"
    );
    assert_eq!(op.answer(2, "b"), (Status::OK, vec![]), "it has ended");
}

#[test]
fn unknown_event_is_unsupported_and_harmless() {
    let (account, _) = open("sequential");
    let (_, mut op, _) = account.begin();
    for kind in [0, 4, u32::MAX] {
        assert_eq!(op.resume(&event(kind, 1)), (Status::UNSUPPORTED, vec![]));
    }
    assert_eq!(op.answer(1, "a").1.len(), 1, "it still waits");
}

#[test]
fn event_of_the_wrong_kind_ends_in_a_failure() {
    let (account, _) = open("sequential");
    let (_, mut op, _) = account.begin();
    bug(&op.fire(1).1, "event_kind");
}

#[test]
fn operation_dropped_at_any_step_leaks_nothing() {
    for mode in [
        "sequential",
        "unordered",
        "join",
        "race",
        "deadline",
        "stalls",
        "poll-panics",
    ] {
        for steps in 0..4 {
            let (account, number) = open(mode);
            let (_, mut op, _) = account.begin();
            for id in 1..=steps {
                op.answer(id, "x");
            }
            drop(op);
            assert_eq!(live(number), 1, "{mode} after {steps}");
            drop(account);
            assert_eq!(live(number), 0, "{mode} after {steps}");
        }
    }
}
