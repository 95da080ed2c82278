//! One renewal in the token lifecycle: due, requested, issued, published.

use super::case::Case;
use crate::now;
use gateway_token::{Effect, Event, FlightId, Grant, GrantUpdate, Jitter, Lifecycle, Policy};
use std::{hint::black_box, time::Duration};

const LIFETIME: Duration = Duration::from_secs(14_399);

pub(super) fn renewal() -> Case {
    let mut lifecycle = Lifecycle::new(Policy::default(), Grant::Repeatable);
    let mut at = now();
    issue(&mut lifecycle, at, Event::Demanded);
    Case {
        name: "lifecycle, one renewal".to_owned(),
        run: Box::new(move || {
            at += LIFETIME;
            issue(black_box(&mut lifecycle), at, Event::TimerFired);
        }),
    }
}

/// Lets the event begin an acquisition, and the acquisition succeed.
fn issue(lifecycle: &mut Lifecycle, at: std::time::Instant, event: Event) {
    let flight = flight(&lifecycle.handle(at, event, Jitter::NONE));
    let issued = Event::Issued {
        flight: flight.expect("an acquisition begins"),
        lifetime: Some(LIFETIME),
        renew_after: None,
        grant: GrantUpdate::Kept,
    };
    let effects = lifecycle.handle(at, issued, Jitter::NONE);
    assert!(
        effects
            .iter()
            .any(|effect| matches!(effect, Effect::Publish { .. }))
    );
}

fn flight(effects: &[Effect]) -> Option<FlightId> {
    effects.iter().find_map(|effect| match effect {
        Effect::RequestToken { flight, .. } => Some(*flight),
        Effect::RecordIntent { .. }
        | Effect::Publish { .. }
        | Effect::Withdraw { .. }
        | Effect::WakeAt(_) => None,
    })
}
