use super::*;
use crate::Policy;
use proptest::prelude::*;

fn start() -> Instant {
    #[expect(
        clippy::disallowed_methods,
        reason = "an instant has no other constructor"
    )]
    Instant::now()
}

fn renewal(lifetime: u64, renew_after: Option<u64>, jitter: f64) -> (f64, f64) {
    let start = start();
    let plan = Policy::default()
        .renewal
        .schedule(
            start,
            Some(Duration::from_secs(lifetime)),
            renew_after.map(Duration::from_secs),
            Jitter::new(jitter),
        )
        .expect("a lifetime of a second or more");
    (
        (plan.renew_at - start).as_secs_f64(),
        (plan.usable_until - start).as_secs_f64(),
    )
}

#[test]
fn renewal_obeys_the_lifetime_and_never_a_fixed_time() {
    assert_eq!(renewal(14_400, None, 0.5).0, 11_520.0);
    assert_eq!(renewal(3_600, None, 0.5).0, 2_880.0);
    assert_eq!(renewal(3_600, None, 0.0).0, 2_592.0);
    assert!((3_160.0..3_168.0).contains(&renewal(3_600, None, 0.999).0));
}

#[test]
fn renewal_comes_earlier_if_the_plugin_says_so_and_never_later() {
    assert_eq!(renewal(3_600, Some(600), 0.5).0, 600.0);
    assert_eq!(renewal(3_600, Some(7_200), 0.5).0, 2_880.0);
}

#[test]
fn renewal_leaves_a_reserve_to_whoever_takes_over() {
    let policy = RenewalPolicy {
        reserve: Duration::from_secs(20),
        ..Policy::default().renewal
    };
    let renewal = |lifetime: u64, jitter: f64| {
        let lifetime = Some(Duration::from_secs(lifetime));
        let plan = policy.schedule(start(), lifetime, None, Jitter::new(jitter));
        let plan = plan.expect("a lifetime of a second or more");
        let left = plan.usable_until.saturating_duration_since(plan.renew_at);
        left.as_secs_f64()
    };
    for jitter in [0.0, 0.5, 0.999] {
        assert!((20.0..28.0).contains(&renewal(60, jitter)), "a short life");
        assert!(renewal(3_600, jitter) > 400.0, "four fifths of a long one");
        assert!(renewal(30, jitter) >= 12.0, "half of a very short one");
    }
    // Still at random.
    assert!(renewal(60, 0.0) > renewal(60, 0.9) + 5.0);
}

#[test]
fn renewal_of_a_one_second_token_does_not_spin() {
    let (renew, usable) = renewal(1, Some(0), 0.0);
    assert!(renew >= 1.0, "{renew}");
    assert_eq!(usable, 0.9);
}

#[test]
fn schedule_of_a_lifetime_of_nothing_is_none() {
    let policy = Policy::default().renewal;
    for lifetime in [Duration::ZERO, Duration::from_millis(999)] {
        assert_eq!(
            policy.schedule(start(), Some(lifetime), None, Jitter::NONE),
            None
        );
    }
}

#[test]
fn schedule_of_an_endless_token_ends() {
    let policy = Policy::default().renewal;
    let start = start();
    for lifetime in [None, Some(Duration::MAX)] {
        let plan = policy
            .schedule(start, lifetime, None, Jitter::NONE)
            .expect("a plan");
        assert_eq!(plan.expires_at, start + policy.max_lifetime);
    }
}

proptest! {
    #![proptest_config(tests_kit::properties(256))]

    #[test]
    fn schedule_renews_before_the_end_whatever_the_input(
        seconds in 2_u64..10_000_000,
        after in proptest::option::of(0_u64..10_000_000),
        jitter in 0.0..1.0_f64,
    ) {
        let (renew, usable) = renewal(seconds, after, jitter);
        prop_assert!(renew <= usable, "{renew} > {usable}");
        prop_assert!(renew >= 1.0);
        prop_assert!(usable < seconds as f64);
    }
}
