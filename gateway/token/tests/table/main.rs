//! What each event does in each state: a case is a list of moments, and every moment says what goes
//! in, what must come out, and which state follows.
//!
//! Read `2880 timer : request 2 due => renewing` as: 2,880 seconds after the start the timer fires,
//! the lifecycle asks for token number 2 because the old one is due, and is then renewing.

mod repeatable;
mod single_use;

use gateway_model::{Failure, FailureClass, Generation};
use gateway_token::{
    AbsenceReason, AdoptedToken, Effect, Event, FlightId, Grant, GrantFate, GrantUpdate, Jitter,
    Lifecycle,
};
use std::time::{Duration, Instant};

/// Seconds since the start of a case.
fn seconds(at: Instant, start: Instant) -> f64 {
    at.saturating_duration_since(start).as_secs_f64()
}

fn event(words: &[&str]) -> Event {
    let flight = |at: usize| FlightId(words[at].parse().expect("a flight number"));
    let number = |at: usize| words.get(at).map(|word| word.parse().expect("seconds"));
    let failed = |class, fate| Event::Failed {
        flight: flight(1),
        failure: Failure {
            retry_after: number(2).map(Duration::from_secs),
            ..Failure::new(class, "code", "it failed")
        },
        fate,
    };
    let issued = |grant| Event::Issued {
        flight: flight(1),
        lifetime: number(2).map(Duration::from_secs),
        renew_after: None,
        grant,
    };
    match words[0] {
        "demand" => Event::Demanded,
        "timer" => Event::TimerFired,
        "operator" => Event::OperatorAsked,
        "changed" => Event::CredentialsChanged,
        "login" => Event::Adopted {
            grant: Grant::single_use(None),
            token: None,
        },
        "adopted" => Event::Adopted {
            grant: Grant::Repeatable,
            token: Some(AdoptedToken {
                lifetime: number(1).map(Duration::from_secs),
                renew_after: None,
                standby: number(2).map(Duration::from_secs),
            }),
        },
        "standby-ended" => Event::StandbyEnded,
        "recorded" => Event::IntentRecorded { flight: flight(1) },
        "401" => Event::Unauthorized {
            generation: Generation(words[1].parse().expect("a number")),
        },
        "issued" => issued(GrantUpdate::Replaced { lifetime: None }),
        "issued-no-refresh" => issued(GrantUpdate::Gone),
        "transient" => failed(FailureClass::Transient, GrantFate::Unknown),
        "not-sent" => failed(FailureClass::Transient, GrantFate::Unharmed),
        "rejected" => failed(FailureClass::Rejected, GrantFate::Unharmed),
        "config" => failed(FailureClass::Config, GrantFate::Unharmed),
        "protocol" => failed(FailureClass::Protocol, GrantFate::Unknown),
        "interaction" => failed(FailureClass::Interaction, GrantFate::Refused),
        "bug" => failed(FailureClass::Bug, GrantFate::Unknown),
        other => unreachable!("no event is called {other:?}"),
    }
}

fn effect(effect: &Effect, start: Instant) -> String {
    match effect {
        Effect::RecordIntent { flight, reason } => {
            format!("record {} {}", flight.0, reason.as_str())
        }
        Effect::RequestToken { flight, reason } => {
            format!("request {} {}", flight.0, reason.as_str())
        }
        Effect::Publish {
            generation,
            usable_until,
        } => {
            format!(
                "publish {generation} until {}",
                seconds(*usable_until, start)
            )
        }
        Effect::Withdraw { why, retry_at } => {
            let why = match why {
                AbsenceReason::Expired => "expired",
                AbsenceReason::Changed => "changed",
                AbsenceReason::Failed(failure) => failure.class.as_str(),
            };
            match retry_at {
                Some(at) => format!("withdraw {why} retry {}", seconds(*at, start)),
                None => format!("withdraw {why}"),
            }
        }
        Effect::WakeAt(at) => format!("wake {}", seconds(*at, start)),
    }
}

fn play(mut lifecycle: Lifecycle, script: &str) {
    #[expect(
        clippy::disallowed_methods,
        reason = "an instant has no other constructor"
    )]
    let start = Instant::now();
    for line in script
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
    {
        let (moment, expected) = line.split_once(" : ").expect("a colon");
        let words: Vec<&str> = moment.split_whitespace().collect();
        let now = start + Duration::from_secs_f64(words[0].parse().expect("seconds"));
        let effects = lifecycle.handle(now, event(&words[1..]), Jitter::NONE);
        let effects: Vec<String> = effects.iter().map(|e| effect(e, start)).collect();
        let actual = format!("{} => {}", effects.join(", "), lifecycle.state().as_str());
        assert_eq!(
            actual.trim(),
            expected.trim(),
            "after {moment:?} in\n{script}"
        );
    }
}
