use super::*;

const HOME: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);

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

/// How many requests go through at one instant, and how long to wait for the next.
fn drain(throttle: &Throttle, peer: IpAddr, now: Instant) -> (u32, Duration) {
    for taken in 0.. {
        if let Err(wait) = throttle.request(peer, now) {
            return (taken, wait);
        }
    }
    unreachable!("there is a limit");
}

#[test]
fn requests_of_one_address_are_limited_and_refill() {
    let (throttle, now) = (Throttle::default(), begin());
    assert_eq!(drain(&throttle, HOME, now), (PEER.burst, PEER.interval));
    assert_eq!(drain(&throttle, HOME, now + PEER.interval).0, 1);
    let later = now + PEER.interval + PEER.interval * 10;
    assert_eq!(drain(&throttle, HOME, later).0, 10);
    assert_eq!(
        drain(&throttle, HOME, later + Duration::from_secs(3600)).0,
        PEER.burst
    );
}

#[test]
fn requests_of_all_addresses_are_limited() {
    let (throttle, now) = (Throttle::default(), begin());
    let each: Vec<u32> = (0..4).map(|n| drain(&throttle, peer(n), now).0).collect();
    assert_eq!(each, [PEER.burst, TOTAL.burst - PEER.burst, 0, 0]);
}

#[test]
fn addresses_of_one_network_share_a_bucket() {
    let (throttle, now) = (Throttle::default(), begin());
    let address = |text: &str| text.parse::<IpAddr>().expect(text);
    assert_eq!(drain(&throttle, address("2001:db8::1"), now).0, PEER.burst);
    assert_eq!(drain(&throttle, address("2001:db8::ffff:1"), now).0, 0);
    assert!(throttle.request(address("2001:db8:0:1::1"), now).is_ok());
    assert_eq!(
        drain(&throttle, address("10.0.0.1"), now).0,
        TOTAL.burst - PEER.burst - 1
    );
    assert!(throttle.request(address("::ffff:10.0.0.1"), now).is_err());
}

#[test]
fn wrong_tokens_are_limited_harder() {
    let (throttle, now) = (Throttle::default(), begin());
    for _ in 0..PEER_FAILURES.burst {
        assert_eq!(throttle.attempt(HOME, Some(&[1; 32]), now), Ok(()));
        throttle.failed(HOME, Some(&[1; 32]), now);
    }
    let wait = throttle.attempt(HOME, Some(&[2; 32]), now);
    assert_eq!(wait, Err(PEER_FAILURES.interval));
    assert_eq!(
        throttle.attempt(HOME, None, now),
        Err(PEER_FAILURES.interval)
    );
    assert_eq!(throttle.attempt(peer(1), Some(&[2; 32]), now), Ok(()));
    assert_eq!(
        throttle.attempt(HOME, Some(&[2; 32]), now + PEER_FAILURES.interval),
        Ok(())
    );
}

/// Guessing from the address of a reverse proxy must not lock everybody out.
#[test]
fn token_that_was_right_is_heard_until_it_is_wrong() {
    let (throttle, now) = (Throttle::default(), begin());
    throttle.proven([7; 32]);
    for _ in 0..100 {
        throttle.failed(HOME, Some(&[1; 32]), now);
    }
    assert_eq!(throttle.attempt(HOME, Some(&[7; 32]), now), Ok(()));
    throttle.failed(HOME, Some(&[7; 32]), now);
    assert!(throttle.attempt(HOME, Some(&[7; 32]), now).is_err());
}

#[test]
fn memory_is_bounded_however_many_addresses_call() {
    let (throttle, mut now) = (Throttle::default(), begin());
    let count = u32::try_from(MAX_PEERS).expect("not many");
    for n in 0..count {
        throttle.failed(peer(n), None, now);
    }
    for n in 0..10 {
        throttle.failed(peer(count + n), None, now);
    }
    assert_eq!(throttle.state().peers.len(), MAX_PEERS + 1);
    // Those that did not fit share a bucket, which is empty by now.
    let later = now + TOTAL_FAILURES.interval * (count + 10);
    throttle.failed(peer(count + 11), None, later);
    assert!(throttle.state().peers.len() < 3);
    for n in 0..1000_u32 {
        throttle.proven([u8::try_from(n % 256).expect("small"); 32]);
        now += Duration::from_secs(1);
    }
    assert!(throttle.state().proven.len() <= MAX_PROVEN);
    assert!(throttle.request(HOME, now).is_ok());
}
