use super::*;
use gateway_model::{FailureClass, UnavailableReason};
use gateway_token::Policy;
use http::HeaderValue;
use std::time::Duration;

/// An hour after the authorization began.
struct AnHourLater(Instant);

const BEGAN: SystemTime = SystemTime::UNIX_EPOCH;
const HOUR: Duration = Duration::from_secs(3_600);

impl AnHourLater {
    fn new() -> Self {
        #[expect(
            clippy::disallowed_methods,
            reason = "an instant has no other constructor"
        )]
        Self(Instant::now())
    }
}

impl Clock for AnHourLater {
    fn now(&self) -> Instant {
        self.0
    }

    fn wall(&self) -> SystemTime {
        BEGAN + HOUR
    }
}

fn slot(fields: Result<Fields, Failure>, lifetime: Option<Duration>) -> IssuedSlot {
    IssuedSlot {
        name: "payment".into(),
        fields,
        lifetime,
    }
}

fn paid() -> Fields {
    let name = http::HeaderName::from_static("x-payment");
    vec![(name, HeaderValue::from_static("planted"))]
}

/// What the data plane gets, at once and after a restart.
fn published(slot: &IssuedSlot, clock: &AnHourLater) -> [SlotCredential; 2] {
    let slots = std::slice::from_ref(slot);
    let token = StoredToken {
        headers: Default::default(),
        issued_at: BEGAN.into(),
        expires_at: None,
        renew_at: None,
        key: [0; 32],
        slots: to_store(slots, BEGAN),
    };
    let account: AccountId = "main".parse().expect("a name");
    let policy = Policy::default();
    [issued(slots.to_vec(), BEGAN), stored(&token)].map(|mut slots| {
        let clocks = (clock as &dyn Clock, &policy.renewal);
        let slot = slots.pop().expect("one slot");
        slot.publish(&account, clocks, clock.now() + 4 * HOUR)
    })
}

#[test]
fn slot_expires_before_its_own_end_and_with_the_credential_at_the_latest() {
    let clock = AnHourLater::new();
    let margin = Policy::default().renewal.margin;
    for (lifetime, left) in [
        (Some(2 * HOUR), HOUR - margin.min(HOUR / 5)),
        (Some(HOUR / 2), Duration::ZERO),
        (Some(9 * HOUR), 4 * HOUR),
        (None, 4 * HOUR),
    ] {
        for slot in published(&slot(Ok(paid()), lifetime), &clock) {
            let content = slot.content.expect("fields");
            assert_eq!(content.expires_at, clock.now() + left, "{lifetime:?}");
            assert_eq!((&*slot.name, content.headers), ("payment", paid()));
        }
    }
}

#[test]
fn slot_that_failed_says_whose_turn_it_is() {
    let clock = AnHourLater::new();
    let failure = Failure::new(FailureClass::Config, "roles", "add the payment roles");
    for slot in published(&slot(Err(failure), None), &clock) {
        let why = slot.content.expect_err("no fields");
        assert_eq!(why.reason, UnavailableReason::Misconfigured);
        for part in ["account main", "slot payment", "add the payment roles"] {
            assert!(why.message.contains(part), "{part}: {}", why.message);
        }
    }
}
