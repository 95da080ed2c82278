//! The slots of a credential other than the first: whose they are, and when they want to be renewed.

use super::judge;
use crate::{IssuedSlot, Violation, sink::EmittedSlot};
use gateway_model::{Failure, FailureClass};
use std::{collections::HashSet, time::Duration};

/// How soon a slot that could not be had is asked for again, if the failure may pass by itself.
const RETRY: Duration = Duration::from_secs(5 * 60);
/// How soon, if an answer was not understood.
const SLOW_RETRY: Duration = Duration::from_secs(30 * 60);

/// The slots by their names in the manifest.
pub(super) fn issued(
    emitted: Vec<EmittedSlot>,
    manifest: &[String],
) -> Result<Vec<IssuedSlot>, Violation> {
    let mut seen = HashSet::new();
    emitted
        .into_iter()
        .map(|slot| {
            let place = slot.place;
            // The first slot is the credential itself, so it is no place here.
            let name = manifest.get(place as usize).filter(|_| place != 0);
            let name = name.ok_or(Violation::UnknownSlot(place))?;
            if !seen.insert(place) {
                return Err(Violation::SlotTwice(name.clone()));
            }
            // One of the two, and not both: the data plane must know what to do with a request.
            if slot.failure.is_some() != slot.fields.is_empty() {
                return Err(Violation::SlotContradiction(name.clone()));
            }
            Ok(IssuedSlot {
                name: name.as_str().into(),
                fields: match slot.failure {
                    Some(failure) => Err(failure),
                    None => Ok(judge::credential_fields(&slot.fields)?),
                },
                lifetime: match slot.ttl_ms {
                    0 => None,
                    ttl_ms => judge::lifetime(ttl_ms),
                },
            })
        })
        .collect()
}

/// When the whole credential is renewed: by the plugin's own wish, at four fifths of the life of its
/// shortest slot, or when a slot that could not be had is worth another attempt.
pub(super) fn renew_after(wish: Option<Duration>, slots: &[IssuedSlot]) -> Option<Duration> {
    let due = slots.iter().filter_map(|slot| match &slot.fields {
        Ok(_) => slot.lifetime.map(|lifetime| lifetime.mul_f64(0.8)),
        Err(failure) => retry_after(failure),
    });
    due.chain(wish).min()
}

/// `None`: only a person can end the failure, and the next renewal finds out.
fn retry_after(failure: &Failure) -> Option<Duration> {
    let pause = match failure.class {
        FailureClass::Transient => RETRY,
        FailureClass::Protocol => SLOW_RETRY,
        FailureClass::Rejected
        | FailureClass::Config
        | FailureClass::Interaction
        | FailureClass::Bug => return None,
    };
    // Not sooner than the pause: each attempt renews the whole credential, and carriers count those.
    Some(failure.retry_after.unwrap_or(pause).max(pause))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slot(place: u32) -> EmittedSlot {
        EmittedSlot {
            place,
            fields: vec![(b"x-payment".to_vec(), b"planted".to_vec())],
            ..EmittedSlot::default()
        }
    }

    fn read(emitted: Vec<EmittedSlot>) -> Result<Vec<IssuedSlot>, String> {
        let manifest = ["access".to_owned(), "payment".to_owned()];
        issued(emitted, &manifest).map_err(|violation| violation.to_string())
    }

    fn failed(class: FailureClass) -> EmittedSlot {
        EmittedSlot {
            fields: Vec::new(),
            failure: Some(Failure::new(class, "code", "why")),
            ..slot(1)
        }
    }

    #[test]
    fn slot_gets_its_name_from_the_manifest() {
        let slots = read(vec![slot(1)]).expect("a slot of the manifest");
        assert_eq!(&*slots[0].name, "payment");
        let fields = slots[0].fields.as_ref().expect("fields");
        assert!(fields[0].1.is_sensitive());
    }

    #[test]
    fn slot_that_the_manifest_lacks_is_refused_by_name() {
        for place in [0, 2, 63, u32::MAX] {
            let refused = read(vec![slot(place)]).expect_err("no such place");
            assert!(refused.contains(&format!("slot {place},")), "{refused}");
        }
        let twice = read(vec![slot(1), slot(1)]).expect_err("twice");
        assert!(twice.contains("slot payment more than once"), "{twice}");
    }

    #[test]
    fn slot_has_either_fields_or_a_failure() {
        let both = EmittedSlot {
            failure: failed(FailureClass::Config).failure,
            ..slot(1)
        };
        let neither = EmittedSlot {
            fields: Vec::new(),
            ..slot(1)
        };
        for emitted in [both, neither] {
            let refused = read(vec![emitted]).expect_err("a contradiction");
            assert!(refused.contains("for the slot payment"), "{refused}");
        }
    }

    #[test]
    fn renewal_follows_the_slot_that_wants_it_first() {
        let short = EmittedSlot {
            ttl_ms: 1_000_000,
            ..slot(1)
        };
        let hour = Some(Duration::from_secs(3_600));
        for (emitted, wish, expected) in [
            (slot(1), hour, hour),
            (slot(1), None, None),
            (short, hour, Some(Duration::from_secs(800))),
            (failed(FailureClass::Transient), hour, Some(RETRY)),
            (failed(FailureClass::Protocol), None, Some(SLOW_RETRY)),
            (failed(FailureClass::Config), None, None),
        ] {
            let slots = read(vec![emitted]).expect("a slot");
            assert_eq!(renew_after(wish, &slots), expected, "{slots:?}");
        }
    }
}
