//! Times, durations and states in words, and bars for a life that passes.

use askama::{Template, filters::HtmlSafe};
use gateway_api::{AccountState, InvitationState, MigrationState, Verdict};
use gateway_model::{GrantStatus, NoticeKind};
use jiff::{Timestamp, tz::TimeZone};

/// A time, as a page shows it.
#[derive(Template)]
#[template(
    ext = "html",
    source = r#"<time datetime="{{ machine }}">{{ text }}</time> <span class="far">{{ distance }}</span>"#
)]
pub(super) struct Moment {
    /// In the reader's zone, with the zone: `2026-11-29 20:55 UTC`.
    pub(super) text: String,
    /// How far away it is: `in 43 min`, `2 h ago`.
    pub(super) distance: String,
    /// For programs (RFC 3339).
    pub(super) machine: String,
}

// The template escapes its own parts.
impl HtmlSafe for Moment {}

impl Moment {
    pub(super) fn new(at: Timestamp, now: Timestamp, zone: &TimeZone) -> Self {
        let zoned = at.to_zoned(zone.clone());
        Self {
            text: zoned.strftime("%Y-%m-%d %H:%M %Z").to_string(),
            distance: distance(at, now),
            machine: at.to_string(),
        }
    }
}

/// The distance of two times in one unit: a page is looked at, not calculated with.
fn distance(at: Timestamp, now: Timestamp) -> String {
    let seconds = at.as_second() - now.as_second();
    let text = span(seconds.unsigned_abs());
    match seconds {
        0 => "now".to_owned(),
        1.. => format!("in {text}"),
        ..0 => format!("{text} ago"),
    }
}

fn span(seconds: u64) -> String {
    match seconds {
        0..90 => format!("{seconds} s"),
        90..5_400 => format!("{} min", (seconds + 30) / 60),
        5_400..129_600 => format!("{} h", (seconds + 1_800) / 3_600),
        _ => format!("{} days", (seconds + 43_200) / 86_400),
    }
}

/// How much of a life is left, as a bar.
#[derive(Template)]
#[template(
    ext = "html",
    source = r#"<svg class="life {{ class }}" viewBox="0 0 100 6" preserveAspectRatio="none" role="img" aria-label="{{ left }} percent left"><rect class="track" width="100" height="6"/><rect class="fill" width="{{ left }}" height="6"/></svg>"#
)]
pub(super) struct Life {
    /// In percent, from 0 to 100.
    pub(super) left: u8,
    /// The class of its colour.
    pub(super) class: &'static str,
}

impl HtmlSafe for Life {}

impl Life {
    /// The life from one time to another; `None` if it has no length.
    pub(super) fn new(from: Timestamp, to: Timestamp, now: Timestamp) -> Option<Self> {
        let whole = to.as_second().checked_sub(from.as_second())?;
        if whole <= 0 {
            return None;
        }
        let rest = (to.as_second() - now.as_second()).clamp(0, whole);
        let left = u8::try_from(rest.saturating_mul(100) / whole).ok()?;
        let class = match left {
            0 => "bad",
            1..15 => "warn",
            _ => "good",
        };
        Some(Self { left, class })
    }
}

/// A state by colour, by shape and in words, so that no reader depends on colour.
#[derive(Template)]
#[template(
    ext = "html",
    source = r#"<span class="badge {{ class }}"><span aria-hidden="true">{{ shape }}</span> {{ text }}</span>"#
)]
pub(super) struct Badge {
    pub(super) class: &'static str,
    pub(super) shape: &'static str,
    pub(super) text: &'static str,
}

impl HtmlSafe for Badge {}

const fn badge(class: &'static str, shape: &'static str, text: &'static str) -> Badge {
    Badge { class, shape, text }
}

pub(super) const fn account_state(state: AccountState) -> Badge {
    match state {
        AccountState::Ready => badge("good", "●", "ready"),
        AccountState::Pending => badge("calm", "◐", "getting a token"),
        AccountState::NeedsConsent => badge("bad", "▲", "sign-in needed"),
        AccountState::Failing => badge("warn", "◆", "failing"),
        AccountState::Refused => badge("bad", "■", "refused"),
        AccountState::Inactive => badge("calm", "○", "off"),
    }
}

/// A gateway of the fleet.
pub(super) const fn replica(live: bool) -> Badge {
    if live {
        badge("good", "●", "live")
    } else {
        badge("bad", "■", "silent")
    }
}

pub(super) const fn verdict(verdict: Verdict) -> Badge {
    match verdict {
        Verdict::Ok => badge("good", "●", "ok"),
        Verdict::Skipped => badge("calm", "○", "skipped"),
        Verdict::Warning => badge("warn", "◆", "warning"),
        Verdict::Failure => badge("bad", "■", "failure"),
    }
}

pub(super) const fn invitation(state: InvitationState) -> Badge {
    match state {
        InvitationState::Open => badge("calm", "◐", "open"),
        InvitationState::Used => badge("good", "●", "used"),
        InvitationState::Ended => badge("calm", "○", "ended"),
        InvitationState::Revoked => badge("warn", "■", "taken back"),
    }
}

pub(super) const fn notice(kind: NoticeKind) -> &'static str {
    match kind {
        NoticeKind::Ending => "ends soon",
        NoticeKind::Ended => "has ended",
        NoticeKind::Refused => "refused",
        NoticeKind::InDoubt => "in doubt",
        NoticeKind::Misconfigured => "misconfigured",
    }
}

/// Whether the refresh token may be presented, in words.
pub(super) const fn grant(status: GrantStatus) -> &'static str {
    match status {
        GrantStatus::Repeatable | GrantStatus::Held => "usable",
        GrantStatus::Presenting => "being used now",
        GrantStatus::OutcomeUnknown => "in doubt: the carrier's answer to the last use was lost",
        GrantStatus::LastChance => "in doubt: it is tried once more",
        GrantStatus::Spent => "used up: a person must sign in again",
    }
}

/// How far the migration of one login is.
pub(super) const fn migration_state(state: MigrationState) -> Badge {
    match state {
        MigrationState::Compliant => badge("good", "●", "works already"),
        MigrationState::Done => badge("good", "●", "done"),
        MigrationState::NeedsConsent => badge("warn", "▲", "sign-in needed"),
        MigrationState::Failed => badge("bad", "■", "failed"),
        MigrationState::Skipped => badge("calm", "○", "left out"),
    }
}

/// `1 sign-in`, `2 sign-ins`.
pub(super) fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// Whether an account gets the rates that it has negotiated.
pub(super) const fn negotiated(negotiated: bool) -> Badge {
    if negotiated {
        badge("good", "●", "yes")
    } else {
        badge("warn", "◆", "no")
    }
}

pub(super) const fn success(good: bool) -> Badge {
    if good {
        badge("good", "●", "ok")
    } else {
        badge("bad", "■", "failed")
    }
}

pub(super) fn plugin_state(state: &str) -> Badge {
    match state {
        "active" => badge("good", "●", "active"),
        "verified" => badge("calm", "◐", "found, not loaded"),
        "not_chosen" => badge("calm", "○", "not chosen"),
        _ => badge("bad", "■", "faulted"),
    }
}

/// The badge of a request, by its status; without one no response began.
pub(super) fn status(status: Option<u16>) -> Badge {
    match status {
        Some(100..400) => badge("good", "●", "ok"),
        Some(400..500) => badge("warn", "◆", "refused"),
        Some(_) | None => badge("bad", "■", "failed"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a time")
    }

    #[test]
    fn distance_is_in_one_unit() {
        for (seconds, text) in [
            (0, "now"),
            (89, "in 89 s"),
            (90, "in 2 min"),
            (-3_600, "60 min ago"),
            (7_200, "in 2 h"),
            (5_184_000, "in 60 days"),
        ] {
            assert_eq!(distance(at(1_000_000 + seconds), at(1_000_000)), text);
        }
    }

    #[test]
    fn moment_is_in_the_readers_zone_and_names_it() {
        let zone = TimeZone::get("America/New_York").expect("the zone");
        let moment = Moment::new(at(1_764_446_400), at(1_764_446_400), &zone);
        assert_eq!(moment.text, "2025-11-29 15:00 EST");
    }

    #[test]
    fn life_is_full_at_its_beginning_and_empty_after_its_end() {
        let left = |now| Life::new(at(0), at(100), at(now)).map(|life| (life.left, life.class));
        assert_eq!(left(0), Some((100, "good")));
        assert_eq!(left(90), Some((10, "warn")));
        assert_eq!(left(200), Some((0, "bad")));
        assert!(Life::new(at(5), at(5), at(0)).is_none());
    }
}
