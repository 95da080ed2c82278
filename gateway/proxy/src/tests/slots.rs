//! Phase 7: operations that need slots beside the first.

use super::harness::{TestClock, Upstream, Wants, World, answer, ok, post, usable};
use crate::RenewalOutcome;
use gateway_model::{
    CarrierApi, Clock as _, CredentialState, Operation, SlotContent, SlotCredential, Unavailable,
    UnavailableReason,
};
use http::{HeaderName, HeaderValue, Method};
use std::{sync::Arc, time::Duration};

const HOUR: Duration = Duration::from_secs(3600);
const LABELS: &str = "/ups/api/labels";
const PRICES: &str = "/ups/api/prices";

/// An API whose labels need the slot `payment`.
fn wants() -> Wants {
    let operation = |name: &str, slots: &[&str]| Operation {
        name: name.parse().expect("a name"),
        methods: vec![Method::POST],
        path: format!("/api/{name}").parse().expect("a template"),
        safe: false,
        repeatable: false,
        slots: slots.iter().map(|slot| Arc::from(*slot)).collect(),
    };
    let operations = vec![operation("labels", &["payment"]), operation("prices", &[])];
    let api = CarrierApi::new(Vec::new(), operations).expect("two operations");
    Wants {
        change: Box::new(move |directory| {
            Arc::make_mut(&mut directory.routes[0].profile).api = api;
        }),
        ..Wants::default()
    }
}

/// A credential whose slot `payment` holds that.
fn with_slot(
    clock: &TestClock,
    generation: u64,
    content: Result<SlotContent, Unavailable>,
) -> CredentialState {
    let mut state = usable(clock, generation, 4 * HOUR);
    if let CredentialState::Usable(credential) = &mut state {
        credential.slots.push(SlotCredential {
            name: "payment".into(),
            content,
        });
    }
    state
}

fn paid(clock: &TestClock, field: &'static str, value: &str) -> SlotContent {
    let mut value = HeaderValue::from_str(value).expect("a value");
    value.set_sensitive(true);
    SlotContent {
        headers: vec![(HeaderName::from_static(field), value)],
        expires_at: clock.now() + HOUR,
    }
}

#[test]
fn slot_is_on_the_requests_of_the_operations_that_need_it_only() {
    let upstream = Upstream::fine();
    let world = World::new(upstream.addr, wants());
    let payment = paid(&world.clock, "x-payment", "paid-1");
    world.cells["main"].publish(with_slot(&world.clock, 1, Ok(payment)));
    for path in [PRICES, LABELS, "/ups/api/unknown"] {
        assert_eq!(world.send(&post(path, "", "{}")).status(), 200, "{path}");
    }
    let seen = upstream.seen();
    let of = |name| seen.iter().map(|seen| seen.all(name)).collect::<Vec<_>>();
    assert_eq!(of("x-payment"), [vec![], vec!["paid-1"], vec![]]);
    assert_eq!(of("authorization"), vec![vec!["Bearer carrier-1"]; 3]);
}

#[test]
fn slot_may_replace_a_field_of_the_first_one() {
    let upstream = Upstream::fine();
    let world = World::new(upstream.addr, wants());
    let restricted = paid(&world.clock, "authorization", "Bearer restricted");
    world.cells["main"].publish(with_slot(&world.clock, 1, Ok(restricted)));
    assert_eq!(world.send(&post(LABELS, "", "{}")).status(), 200);
    let seen = upstream.seen();
    assert_eq!(seen[0].all("authorization"), ["Bearer restricted"]);
}

#[test]
fn slot_that_could_not_be_had_fails_only_the_operations_that_need_it() {
    let upstream = Upstream::fine();
    let world = World::new(upstream.addr, wants());
    let why = Unavailable {
        reason: UnavailableReason::Misconfigured,
        message: "add the payment roles".into(),
        retry_at: None,
    };
    world.cells["main"].publish(with_slot(&world.clock, 1, Err(why)));
    let got = world.send(&post(LABELS, "", "{}"));
    assert_eq!(
        (got.status(), got.one("waybill-error")),
        (503, "misconfigured")
    );
    assert!(
        got.text()
            .contains("the operation labels needs the slot payment: add the payment roles"),
        "{}",
        got.text()
    );
    assert_eq!(world.send(&post(PRICES, "", "{}")).status(), 200);
    assert_eq!(
        upstream.seen().len(),
        1,
        "nothing was sent without its slot"
    );
}

#[test]
fn slot_that_is_missing_or_over_is_never_sent_without() {
    let upstream = Upstream::fine();
    let world = World::new(upstream.addr, wants());
    // The credential that the world begins with has no slots.
    let got = world.send(&post(LABELS, "", "{}"));
    assert_eq!(
        (got.status(), got.one("waybill-error")),
        (503, "misconfigured")
    );
    let mut over = paid(&world.clock, "x-payment", "paid-1");
    // By more than a tick, to which a worker's own clock is exact.
    let minute = Duration::from_secs(60);
    over.expires_at = (world.clock.now().checked_sub(minute)).expect("the machine runs longer");
    world.cells["main"].publish(with_slot(&world.clock, 1, Ok(over)));
    let got = world.send(&post(LABELS, "", "{}"));
    assert_eq!(
        (got.status(), got.one("waybill-error")),
        (503, "token_unavailable")
    );
    assert!(upstream.seen().is_empty());
}

#[test]
fn replay_carries_the_newer_slot() {
    let upstream = Upstream::start(Box::new(|_, seen| match seen.one("x-payment") {
        "paid-1" => answer("401 Unauthorized", "{}"),
        _ => ok("{}"),
    }));
    let world = World::new(
        upstream.addr,
        Wants {
            on_unauthorized: Box::new(|cell| {
                let clock = TestClock::default();
                cell.publish(with_slot(
                    &clock,
                    2,
                    Ok(paid(&clock, "x-payment", "paid-2")),
                ));
                RenewalOutcome::Renewed
            }),
            ..wants()
        },
    );
    let payment = paid(&world.clock, "x-payment", "paid-1");
    world.cells["main"].publish(with_slot(&world.clock, 1, Ok(payment)));
    assert_eq!(world.send(&post(LABELS, "", "{}")).status(), 200);
    let payments: Vec<_> = (upstream.seen().iter())
        .map(|seen| seen.one("x-payment").to_owned())
        .collect();
    assert_eq!(payments, ["paid-1", "paid-2"]);
}
