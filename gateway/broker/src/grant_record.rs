//! Translates between the store's records and the lifecycle's words, both ways.

use crate::{
    AccountSpec, SlotKey,
    field_text::{self, Fields},
    further_slots,
};
use gateway_model::{Clock, Failure, GrantKind, GrantStatus};
use gateway_plugin_host::{GrantChange, Issued};
use gateway_store::{Completion, GrantRecord, Resolution, StoredToken, Timestamp};
use gateway_token::{
    AdoptedToken, Grant, GrantFate, GrantUpdate, Policy, SingleUse, SingleUseStatus,
};
use std::time::{Duration, Instant, SystemTime};

/// The grant of an account without a record: client credentials work at once, consent is missing.
pub(crate) const fn without_record(kind: GrantKind) -> Grant {
    match kind {
        GrantKind::ClientCredentials => Grant::Repeatable,
        GrantKind::AuthorizationCode => single_use(SingleUseStatus::Spent, None),
    }
}

const fn single_use(status: SingleUseStatus, keep_alive_at: Option<Instant>) -> Grant {
    Grant::SingleUse(SingleUse {
        status,
        keep_alive_at,
    })
}

/// The grant of a record. One whose presentation was under way when the process ended counts as
/// presented: whether the carrier saw it is not known.
pub(crate) fn grant(
    record: &GrantRecord,
    kind: GrantKind,
    policy: &Policy,
    clock: &dyn Clock,
) -> Grant {
    if kind == GrantKind::ClientCredentials {
        return Grant::Repeatable;
    }
    let status = match record.status {
        // Kept before the account was changed to ask for a person's consent.
        GrantStatus::Repeatable => SingleUseStatus::Spent,
        GrantStatus::Held => SingleUseStatus::Held,
        GrantStatus::Presenting | GrantStatus::OutcomeUnknown => SingleUseStatus::OutcomeUnknown,
        // The account's owner presents it now. What comes of it decides, and the ledger lets nobody else.
        GrantStatus::LastChance if record.intent.is_some() => SingleUseStatus::OutcomeUnknown,
        GrantStatus::LastChance | GrantStatus::Spent => SingleUseStatus::Spent,
    };
    single_use(status, keep_alive_at(record, policy, clock))
}

/// Whether the record's intent waits for its outcome, or holds an answer that can still complete it.
pub(crate) fn is_open(record: &GrantRecord) -> bool {
    let presented = matches!(
        record.status,
        GrantStatus::Presenting | GrantStatus::LastChance
    );
    let intent = record.intent.as_ref();
    intent.is_some_and(|intent| presented || intent.answer.is_some())
}

/// The grant's status in the store's words.
pub(crate) const fn status(grant: &Grant) -> GrantStatus {
    match grant {
        Grant::Repeatable => GrantStatus::Repeatable,
        Grant::SingleUse(single) => match single.status {
            SingleUseStatus::Held => GrantStatus::Held,
            SingleUseStatus::Presenting => GrantStatus::Presenting,
            SingleUseStatus::OutcomeUnknown => GrantStatus::OutcomeUnknown,
            SingleUseStatus::LastChance => GrantStatus::LastChance,
            SingleUseStatus::Spent => GrantStatus::Spent,
        },
    }
}

/// When the grant wants to be used although no token is due: at a part of its own life.
fn keep_alive_at(record: &GrantRecord, policy: &Policy, clock: &dyn Clock) -> Option<Instant> {
    let ends = record.expires_at?.to_system_time();
    let begun = record.facts.refresh_issued_at_ms.map_or_else(
        || record.consented_at.map(Timestamp::to_system_time),
        |ms| Some(SystemTime::UNIX_EPOCH + Duration::from_millis(ms)),
    )?;
    // A carrier's clock may be wrong: an end before the beginning says nothing.
    let life = ends.duration_since(begun).ok()?;
    let due = begun + life.mul_f64(policy.keep_alive_fraction);
    // A time that has passed already means: use it at once.
    let ahead = due.duration_since(clock.wall()).unwrap_or_default();
    clock.now().checked_add(ahead)
}

/// The token of a record, unless other credentials brought it or its time is over.
pub(crate) fn token(
    record: &GrantRecord,
    key: &SlotKey,
    policy: &Policy,
    wall: SystemTime,
) -> Option<(AdoptedToken, Fields)> {
    // A token of other credentials is as good as none: they may have been revoked.
    let token = record.token.as_ref().filter(|token| key.is(&token.key))?;
    let fields = field_text::read(&token.headers)?;
    let times = TokenTimes {
        issued: token.issued_at.to_system_time(),
        ends: token.expires_at.map(Timestamp::to_system_time),
        renew: token.renew_at.map(Timestamp::to_system_time),
    };
    let (lifetime, renew_after) = times.remaining(policy, wall)?;
    Some((
        AdoptedToken {
            lifetime,
            renew_after,
            standby: None,
        },
        fields,
    ))
}

/// How far the clock may stand before the time at which a token was stored. A step of some seconds is
/// a correction by NTP, and no reason to renew every token.
const CLOCK_STEP: Duration = Duration::from_secs(60);

/// The times of a stored token, by the clock of the process that stored it.
struct TokenTimes {
    issued: SystemTime,
    ends: Option<SystemTime>,
    renew: Option<SystemTime>,
}

impl TokenTimes {
    /// How long the token is still good, and when it is due; `None` if its time is over.
    fn remaining(
        &self,
        policy: &Policy,
        wall: SystemTime,
    ) -> Option<(Option<Duration>, Option<Duration>)> {
        let life = self
            .ends
            .and_then(|ends| ends.duration_since(self.issued).ok());
        let lifetime = match self.ends {
            // Expired while the gateway was down: no token.
            Some(ends) => Some(ends.duration_since(wall).ok()?),
            None => None,
        };
        // A token cannot live longer than the carrier said, whatever the clock says now.
        let lifetime = lifetime.map(|left| life.map_or(left, |life| left.min(life)));
        let set_back = self.issued.duration_since(wall).unwrap_or_default();
        if set_back > CLOCK_STEP {
            // The token's age is unknown. It is renewed at once, because it may have expired already.
            return Some((lifetime, Some(Duration::ZERO)));
        }
        // The earlier of the two: the plugin's wish, or the policy's part of the life.
        let by_policy = life.map(|life| self.issued + life.mul_f64(policy.renewal.fraction));
        let due = by_policy.into_iter().chain(self.renew).min();
        let renew_after = due.map(|due| due.duration_since(wall).unwrap_or_default());
        Some((lifetime, renew_after))
    }
}

/// What an authorization leaves in the store. `began_at` is when its request began; `kept_until` is
/// the grant's present end, for a carrier that does not rotate it.
pub fn completion(
    spec: &AccountSpec,
    issued: &Issued,
    began_at: SystemTime,
    kept_until: Option<Timestamp>,
) -> Completion {
    let after = |span: Duration| began_at.checked_add(span).map(Timestamp::from);
    let (status, expires_at) = match (spec.grant, issued.grant) {
        (GrantKind::ClientCredentials, _) => (GrantStatus::Repeatable, None),
        (GrantKind::AuthorizationCode, GrantChange::Replaced { lifetime }) => {
            (GrantStatus::Held, lifetime.and_then(after))
        }
        // A carrier that keeps the old refresh token does not say its end again.
        (GrantKind::AuthorizationCode, GrantChange::Kept | GrantChange::NotSingleUse) => {
            (GrantStatus::Held, kept_until)
        }
        (GrantKind::AuthorizationCode, GrantChange::Gone) => (GrantStatus::Spent, None),
    };
    Completion {
        status,
        state: issued.state.clone(),
        token: StoredToken {
            headers: field_text::write(&issued.headers),
            issued_at: began_at.into(),
            expires_at: issued.lifetime.and_then(after),
            renew_at: issued.renew_after.and_then(after),
            key: spec.key.to_bytes(),
            slots: further_slots::to_store(&issued.slots, began_at),
        },
        facts: issued.facts.clone(),
        expires_at,
    }
}

/// What a failed presentation made of the grant, in the ledger's words.
pub(crate) const fn resolution(failure: &Failure) -> Resolution {
    match GrantFate::of(failure) {
        GrantFate::Unharmed => Resolution::Unharmed,
        GrantFate::Unknown => Resolution::Unknown,
        GrantFate::Refused => Resolution::Refused,
    }
}

/// What a success made of the grant, in the lifecycle's words.
pub(crate) const fn update(change: GrantChange) -> GrantUpdate {
    match change {
        GrantChange::Replaced { lifetime } => GrantUpdate::Replaced { lifetime },
        GrantChange::Kept | GrantChange::NotSingleUse => GrantUpdate::Kept,
        GrantChange::Gone => GrantUpdate::Gone,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A token of four hours, read again at different times of the clock.
    #[test]
    fn stored_token_is_never_believed_beyond_its_lifetime() {
        const HOUR: Duration = Duration::from_secs(3600);
        let issued = SystemTime::UNIX_EPOCH + 10_000 * HOUR;
        let times = TokenTimes {
            issued,
            ends: Some(issued + 4 * HOUR),
            renew: None,
        };
        let policy = Policy::default();
        let due = (4 * HOUR).mul_f64(policy.renewal.fraction);
        let cases = [
            ("at once", issued, Some((4 * HOUR, due))),
            ("an hour later", issued + HOUR, Some((3 * HOUR, due - HOUR))),
            (
                "due",
                issued + 4 * HOUR - HOUR / 60,
                Some((HOUR / 60, Duration::ZERO)),
            ),
            ("over", issued + 5 * HOUR, None),
            (
                "the clock set back by some seconds",
                issued - HOUR / 600,
                Some((4 * HOUR, due + HOUR / 600)),
            ),
            (
                "the clock set back by an hour",
                issued - HOUR,
                Some((4 * HOUR, Duration::ZERO)),
            ),
            (
                "the clock set back by a year",
                issued - 8_760 * HOUR,
                Some((4 * HOUR, Duration::ZERO)),
            ),
        ];
        for (name, wall, expected) in cases {
            let remaining = times.remaining(&policy, wall);
            let expected = expected.map(|(lifetime, due)| (Some(lifetime), Some(due)));
            assert_eq!(remaining, expected, "{name}");
        }
    }
}
