use super::*;
use proptest::prelude::*;

const POLICY: TokenBucketPolicy = TokenBucketPolicy {
    burst: 3,
    interval: Duration::from_secs(2),
};

#[expect(
    clippy::disallowed_methods,
    reason = "an instant has no other constructor"
)]
fn begin() -> Instant {
    Instant::now()
}

#[test]
fn bucket_allows_the_burst_then_one_per_interval() {
    let (mut bucket, start) = (TokenBucket::default(), begin());
    for _ in 0..3 {
        bucket.take(POLICY, start).expect("the burst");
    }
    assert_eq!(bucket.take(POLICY, start), Err(POLICY.interval));
    bucket
        .take(POLICY, start + POLICY.interval)
        .expect("one more");
    assert!(bucket.take(POLICY, start + POLICY.interval).is_err());
    let mut taken = 0;
    for ms in 0..60_000 {
        let now = start + Duration::from_millis(ms);
        taken += u32::from(bucket.take(POLICY, now).is_ok());
    }
    assert_eq!(
        taken, 28,
        "a minute of asking every millisecond after 4 were taken"
    );
    assert!(!bucket.is_full(start + Duration::from_secs(60)));
    assert!(bucket.is_full(start + Duration::from_secs(70)));
}

#[test]
fn bucket_that_was_charged_beyond_its_burst_is_in_debt() {
    let (mut bucket, start) = (TokenBucket::default(), begin());
    for _ in 0..5 {
        bucket.charge(POLICY, start);
    }
    assert_eq!(bucket.wait(POLICY, start), POLICY.interval * 3);
}

#[test]
fn extreme_policies_are_read_as_sensible_ones() {
    let (mut bucket, start) = (TokenBucket::default(), begin());
    let none = TokenBucketPolicy { burst: 0, ..POLICY };
    assert!(bucket.take(none, start).is_ok(), "zero is read as one");
    assert!(bucket.take(none, start).is_err());
    let endless = TokenBucketPolicy {
        burst: u32::MAX,
        interval: Duration::MAX,
    };
    let mut bucket = TokenBucket::default();
    for _ in 0..1_000 {
        bucket.take(endless, start).expect("the burst is endless");
    }
    let unlimited = TokenBucketPolicy {
        burst: 1,
        interval: Duration::ZERO,
    };
    let mut bucket = TokenBucket::default();
    for _ in 0..1_000 {
        bucket.take(unlimited, start).expect("no limit");
    }
}

proptest! {
    #![proptest_config(tests_kit::properties(256))]

    #[test]
    fn never_more_than_the_burst_and_the_pace(
        burst in 0_u32..20,
        interval_ms in 1_u64..5_000,
        pauses in proptest::collection::vec(0_u64..4_000, 1..200),
    ) {
        let interval = Duration::from_millis(interval_ms);
        let policy = TokenBucketPolicy { burst, interval };
        let (mut bucket, mut now) = (TokenBucket::default(), begin());
        let mut taken: Vec<Instant> = Vec::new();
        for pause in pauses {
            now += Duration::from_millis(pause);
            let promised = bucket.wait(policy, now);
            match bucket.take(policy, now) {
                Ok(()) => {
                    prop_assert!(promised.is_zero());
                    taken.push(now);
                }
                Err(wait) => {
                    prop_assert_eq!(wait, promised);
                    // Waiting as long as was said is enough, and a moment less is not.
                    prop_assert!(bucket.wait(policy, now + wait).is_zero());
                    let early = now + wait - Duration::from_nanos(1);
                    prop_assert!(!bucket.wait(policy, early).is_zero());
                }
            }
        }
        for (first, from) in taken.iter().enumerate() {
            for (last, to) in taken.iter().enumerate().skip(first) {
                let count = (last - first + 1) as u128;
                let filled = to.duration_since(*from).as_nanos() / interval.as_nanos();
                prop_assert!(count <= u128::from(burst.max(1)) + filled);
            }
        }
    }

    #[test]
    fn full_bucket_may_be_forgotten(
        burst in 1_u32..20,
        taken in 0_u32..20,
        later_ms in 0_u64..60_000,
    ) {
        let policy = TokenBucketPolicy { burst, ..POLICY };
        let (mut bucket, start) = (TokenBucket::default(), begin());
        for _ in 0..taken {
            let _ = bucket.take(policy, start);
        }
        let now = start + Duration::from_millis(later_ms);
        if bucket.is_full(now) {
            let mut fresh = TokenBucket::default();
            for _ in 0..=burst {
                prop_assert_eq!(bucket.take(policy, now), fresh.take(policy, now));
            }
        }
    }
}
