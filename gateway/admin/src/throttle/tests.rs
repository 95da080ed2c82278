use super::*;

#[expect(
    clippy::disallowed_methods,
    reason = "an instant has no other constructor"
)]
fn begin() -> Instant {
    Instant::now()
}

fn peer(n: u32) -> IpAddr {
    std::net::Ipv4Addr::from_bits(0x0a00_0000 + n).into()
}

/// How many go through at one instant, and how long to wait for the next.
fn drain(take: impl Fn() -> Result<(), Duration>) -> (u32, Duration) {
    for taken in 0.. {
        if let Err(wait) = take() {
            return (taken, wait);
        }
    }
    unreachable!("there is a limit");
}

/// Each budget with its policy, for someone and for another one.
#[test]
fn every_budget_is_limited_refills_and_is_its_own() {
    let throttle = Throttle::default();
    type Take = fn(&Throttle, u32, Instant) -> Result<(), Duration>;
    let budgets: [(TokenBucketPolicy, Take); 3] = [
        (TOKEN, |of, n, now| of.with_token(&n.to_string(), now)),
        (ANONYMOUS, |of, n, now| of.anonymous(peer(n), now)),
        (GUESSES, |of, n, now| of.guess(peer(n), 1, now)),
    ];
    let now = begin();
    for (policy, take) in budgets {
        let of = |n: u32, now| drain(|| take(&throttle, n, now));
        assert_eq!(of(1, now), (policy.burst, policy.interval));
        assert_eq!(of(2, now), (policy.burst, policy.interval));
        assert_eq!(of(1, now + policy.interval * 3).0, 3);
        assert_eq!(of(1, now + Duration::from_secs(3600)).0, policy.burst);
    }
}

/// Whoever guesses at each gateway of a fleet in turn guesses no faster than at one.
#[test]
fn guesses_of_a_fleet_are_those_of_one_gateway() {
    for gateways in 1..=20 {
        let fleet: Vec<Throttle> = (0..gateways).map(|_| Throttle::default()).collect();
        let now = begin();
        let taken = |now| -> u32 {
            let each = fleet.iter();
            each.map(|of| drain(|| of.guess(peer(1), gateways, now)).0)
                .sum()
        };
        let first = taken(now);
        assert!(
            first <= GUESSES.burst.max(gateways * LEAST_GUESSES),
            "{first}"
        );
        let rounds = 2;
        let later = now + GUESSES.interval * gateways * rounds;
        assert_eq!(taken(later), gateways * rounds, "{gateways}");
    }
}

/// Every address guesses as often as it can: a token and a person's sign-in are not affected.
#[test]
fn guesses_count_against_nothing_else() {
    let (throttle, now) = (Throttle::default(), begin());
    for n in 0..1000 {
        for _ in 0..GUESSES.burst * 2 {
            let _ = throttle.guess(peer(n), 1, now);
        }
    }
    assert_eq!(throttle.with_token("root", now), Ok(()));
    assert_eq!(throttle.anonymous(peer(1), now), Ok(()));
}

#[test]
fn addresses_of_one_network_share_a_budget() {
    let (throttle, now) = (Throttle::default(), begin());
    let address = |text: &str| text.parse::<IpAddr>().expect(text);
    let of = |text: &str| drain(|| throttle.anonymous(address(text), now)).0;
    assert_eq!(of("2001:db8::1"), ANONYMOUS.burst);
    assert_eq!(of("2001:db8::ffff:1"), 0);
    assert_eq!(of("2001:db8:0:1::1"), ANONYMOUS.burst);
    assert_eq!(of("10.0.0.1"), ANONYMOUS.burst);
    assert_eq!(of("::ffff:10.0.0.1"), 0);
}

#[test]
fn memory_is_bounded_however_many_addresses_call() {
    let (throttle, now) = (Throttle::default(), begin());
    let count = u32::try_from(MAX_PEERS).expect("not many");
    for n in 0..count + 10 {
        let _ = throttle.guess(peer(n), 1, now);
        let _ = throttle.with_token(&n.to_string(), now + Duration::from_secs(n.into()));
    }
    // Those that did not fit share a budget.
    assert_eq!(throttle.state().peers.len(), MAX_PEERS + 1);
    assert!(throttle.state().tokens.len() <= MAX_TOKENS);
    let later = now + GUESSES.interval * (count + 10);
    assert_eq!(throttle.guess(peer(count + 11), 1, later), Ok(()));
    assert!(throttle.state().peers.len() < 3);
}
