//! What a failure means for the single-use grant that was presented.
#![cfg(test)]

use gateway_model::{Failure, FailureClass, GrantHint};
use gateway_token::GrantFate;

fn failure(class: FailureClass, grant: GrantHint, certainly_not_sent: bool) -> Failure {
    Failure {
        grant,
        certainly_not_sent,
        ..Failure::new(class, "code", "it failed")
    }
}

/// The plugin has read the carrier's words; its hint counts more than class and network.
#[test]
fn fate_follows_the_hint_first() {
    for class in [
        FailureClass::Transient,
        FailureClass::Rejected,
        FailureClass::Config,
        FailureClass::Protocol,
        FailureClass::Interaction,
        FailureClass::Bug,
    ] {
        for unsent in [false, true] {
            let of = |hint| GrantFate::of(&failure(class, hint, unsent));
            assert_eq!(of(GrantHint::Refused), GrantFate::Refused, "{class:?}");
            assert_eq!(of(GrantHint::Unharmed), GrantFate::Unharmed, "{class:?}");
        }
    }
}

/// Without a hint, only what leaves no doubt is called unharmed.
#[test]
fn fate_without_a_hint_is_read_with_caution() {
    for (class, fate) in [
        (FailureClass::Transient, GrantFate::Unknown),
        (FailureClass::Rejected, GrantFate::Unharmed),
        (FailureClass::Config, GrantFate::Unharmed),
        (FailureClass::Protocol, GrantFate::Unknown),
        (FailureClass::Interaction, GrantFate::Refused),
        (FailureClass::Bug, GrantFate::Unknown),
    ] {
        let of = |unsent| GrantFate::of(&failure(class, GrantHint::HostDecides, unsent));
        assert_eq!(
            (of(false), of(true)),
            (fate, GrantFate::Unharmed),
            "{class:?}"
        );
    }
}
