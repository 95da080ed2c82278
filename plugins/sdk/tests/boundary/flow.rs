//! Operations that go as they should.

use crate::{
    host::Emitted,
    plugin::{live, open},
};
use plugins_sdk::abi::{Bytes, FailClass, Header, Reason, Status};

const URL: &str = "https://acme.example/";

fn http(id: u64, path: &str) -> Emitted {
    Emitted::http(id, &format!("{URL}{path}"))
}

#[track_caller]
fn done(emitted: &[Emitted]) -> &str {
    let [one] = emitted else {
        panic!("one end was expected: {emitted:?}")
    };
    one.fields()
}

#[test]
fn requests_one_after_another_end_with_a_credential() {
    let (account, number) = open("sequential");
    let (status, mut op, emitted) = account.begin();
    assert_eq!((status, emitted), (Status::OK, vec![http(1, "1")]));
    let (status, emitted) = op.answer(1, "a");
    assert_eq!((status, emitted), (Status::OK, vec![http(2, "2")]));
    let (status, emitted) = op.answer(2, "b");
    assert_eq!(status, Status::OK);
    assert_eq!(done(&emitted), "authorization: Bearer ab\n");
    drop(op);
    assert_eq!(live(number), 1, "the future is gone, the instance is not");
    drop(account);
    assert_eq!(live(number), 0);
}

#[test]
fn concurrent_requests_are_answered_in_any_order() {
    for mode in ["unordered", "join"] {
        let (account, _) = open(mode);
        let (_, mut op, emitted) = account.begin();
        let count = emitted.len() as u64;
        assert!(count >= 2, "all are sent at once: {emitted:?}");
        let mut last = Vec::new();
        for id in (1..=count).rev() {
            last = op.answer(id, &id.to_string()).1;
        }
        let wanted = if mode == "join" { "12" } else { "321" };
        assert_eq!(
            done(&last),
            format!("authorization: Bearer {wanted}\n"),
            "{mode}"
        );
    }
}

#[test]
fn loser_of_a_race_is_cancelled() {
    let (account, _) = open("race");
    let (_, mut op, emitted) = account.begin();
    assert_eq!(emitted, [http(1, "1"), http(2, "2")]);
    let (_, emitted) = op.answer(2, "b");
    assert_eq!(emitted, [Emitted::Cancel(1), http(3, "3")]);
    // The answer was on its way already.
    let (status, emitted) = op.answer(1, "a");
    assert_eq!((status, emitted), (Status::OK, vec![]));
    assert_eq!(done(&op.answer(3, "c").1), "authorization: Bearer bc\n");
}

#[test]
fn loser_at_the_end_is_cancelled_before_the_end() {
    let (account, _) = open("race-and-end");
    let (_, mut op, _) = account.begin();
    let (_, emitted) = op.answer(1, "a");
    assert_eq!(emitted[0], Emitted::Cancel(2));
    assert_eq!(done(&emitted[1..]), "authorization: Bearer a\n");
}

#[test]
fn request_nobody_waits_for_is_not_sent() {
    let (account, _) = open("never-sent");
    let (_, _op, emitted) = account.begin();
    assert_eq!(done(&emitted), "authorization: Bearer early\n");
}

#[test]
fn timers_and_requests_race() {
    let (account, _) = open("deadline");
    for late in [false, true] {
        let (_, mut op, emitted) = account.begin();
        assert_eq!(
            emitted,
            [
                http(1, "1"),
                Emitted::Timer {
                    id: 2,
                    delay_ms: 3_000
                }
            ]
        );
        if late {
            let (_, emitted) = op.fire(2);
            assert_eq!(emitted[0], Emitted::Cancel(1));
            assert_eq!(emitted[1].code(), (FailClass::TRANSIENT, "late"));
        } else {
            let (_, emitted) = op.answer(1, "a");
            assert_eq!(emitted[0], Emitted::Cancel(2));
            assert_eq!(done(&emitted[1..]), "authorization: Bearer a\n");
        }
    }
}

#[test]
fn future_that_yields_is_polled_again() {
    let (account, _) = open("yield");
    let (_, _op, emitted) = account.begin();
    assert_eq!(done(&emitted), "authorization: Bearer x\n");
}

#[test]
fn delivery_wishes_reach_the_gateway() {
    let (account, _) = open("delivery");
    let (_, _op, emitted) = account.begin();
    let url = format!("{URL}1");
    assert_eq!(
        emitted,
        [Emitted::Http {
            id: 1,
            url,
            timeout_ms: 250,
            flags: 1 | 2
        }]
    );
}

#[test]
fn beginning_is_handed_through_and_spans_saturate() {
    let (account, _) = open("echo");
    let params = [Header {
        name: Bytes::new(b"code"),
        value: Bytes::new(b"c0"),
        flags: 1,
    }];
    let shape = |begin: &mut plugins_sdk::abi::Begin| {
        begin.reason = Reason::AUTH_CODE;
        begin.slot = Bytes::new(b"payment");
        begin.params = params.as_ptr();
        begin.n_params = params.len();
    };
    let (_, _op, emitted) = account.begin_shaped(|_| (), shape, b"old\0state");
    let expected = Emitted::Done {
        fields: "x-echo: AuthCode/payment/c0/0/false\n".to_owned(),
        ttl_ms: u64::MAX,
        refresh_after_ms: 1,
        state: b"old\0state".to_vec(),
        slots: Vec::new(),
    };
    assert_eq!(emitted, [expected]);
}

#[test]
fn failure_is_told_in_full() {
    let (account, _) = open("fails");
    let (status, _op, emitted) = account.begin();
    assert_eq!(status, Status::OK);
    let expected = Emitted::Failed {
        class: FailClass::REJECTED,
        code: "no".to_owned(),
        message: "refused".to_owned(),
        retry_after_ms: 9_000,
    };
    assert_eq!(emitted, [expected]);
}

#[test]
fn operation_moves_between_threads() {
    let (account, number) = open("unordered");
    let (_, mut op, _) = account.begin();
    for id in 1..=3 {
        op = std::thread::scope(|scope| {
            let step = scope.spawn(move || {
                let (status, _) = op.answer(id, "x");
                assert_eq!(status, Status::OK);
                op
            });
            step.join().unwrap()
        });
    }
    drop(op);
    drop(account);
    assert_eq!(live(number), 0);
}

#[test]
fn operations_of_one_account_run_at_the_same_time() {
    let (account, number) = open("sequential");
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let (_, mut op, _) = account.begin();
                op.answer(1, "a");
                assert_eq!(done(&op.answer(2, "b").1), "authorization: Bearer ab\n");
            });
        }
    });
    drop(account);
    assert_eq!(live(number), 0);
}

#[test]
fn further_slots_travel_with_the_credential() {
    let (account, _) = open("slots");
    let (_, _op, emitted) = account.begin();
    let [Emitted::Done { fields, slots, .. }] = emitted.as_slice() else {
        panic!("a credential was expected: {emitted:?}")
    };
    assert_eq!(fields, "authorization: Bearer access\n1/x-payment: paid\n");
    let refused = Some("reader".to_owned());
    assert_eq!(slots, &[(1, 50_000, None), (2, 0, refused)]);
}
