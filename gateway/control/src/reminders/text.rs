//! What people read: what ends when, what stops working, what to do.

use super::standing::{Facts, Need, Standing, standing};
use crate::trail;
use gateway_model::{AccountId, GrantKind, NoticeKind};
use jiff::tz::TimeZone;
use std::time::SystemTime;

/// A carrier's words are quoted up to here.
const MAX_QUOTE: usize = 300;

/// What to say about an account.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Speaker<'a> {
    /// The zone of dates.
    pub(crate) zone: &'a TimeZone,
    /// Where the admin listener is; empty if nobody knows.
    pub(crate) admin: &'a str,
    pub(crate) now: SystemTime,
}

/// The command that helps.
pub(crate) fn fix(need: &Need, account: &AccountId) -> String {
    match need {
        Need::Ending { .. } | Need::Ended { .. } | Need::GrantRefused { .. } | Need::InDoubt => {
            format!("waybill account authorize {account}")
        }
        Need::ClientRefused { .. } => format!("waybill account rotate-secret {account}"),
        Need::Misconfigured { .. } => format!("waybill doctor {account}"),
    }
}

/// The command that helps with a notice that was made earlier.
pub(crate) fn fix_of(facts: &Facts<'_>, kind: NoticeKind, days: u16, now: SystemTime) -> String {
    let account = facts.account;
    if let Standing::Needs(need) = standing(facts, days, now)
        && need.kind() == kind
    {
        return fix(&need, &account.name);
    }
    let command = match (kind, account.grant) {
        (NoticeKind::Misconfigured, _) => "waybill doctor",
        (_, GrantKind::ClientCredentials) => "waybill account rotate-secret",
        (
            NoticeKind::Ending | NoticeKind::Ended | NoticeKind::Refused | NoticeKind::InDoubt,
            GrantKind::AuthorizationCode,
        ) => "waybill account authorize",
    };
    format!("{command} {}", account.name)
}

/// One paragraph, without a line break and without a secret.
pub(crate) fn message(speaker: &Speaker<'_>, facts: &Facts<'_>, need: &Need) -> String {
    let account = facts.account;
    let name = format!(
        "account {} ({}, {})",
        account.name, account.carrier, account.environment
    );
    let happened = match need {
        Need::Ending { at, why } => format!(
            "The sign-in of {name} ends on {} ({}), and the gateway cannot put that off by itself{}.",
            speaker.date(*at),
            speaker.left(*at),
            because(why.as_deref())
        ),
        Need::Ended { at } => {
            format!("The sign-in of {name} ended on {}.", speaker.date(*at))
        }
        Need::GrantRefused { why } => format!(
            "The carrier no longer accepts the sign-in of {name}{}. A changed password or profile \
             at the carrier does that.",
            because(why.as_deref())
        ),
        Need::ClientRefused { why } => format!(
            "The carrier refuses the client id and secret of {name}{}.",
            because(why.as_deref())
        ),
        Need::InDoubt => format!(
            "The answer to the last renewal of {name} was lost, so nobody knows whether its \
             sign-in is still good. The gateway tries it once more shortly before the present \
             token ends."
        ),
        Need::Misconfigured { why } => format!(
            "{} cannot work as it is set up{}.",
            capital(&name),
            because(why.as_deref())
        ),
    };
    let listener = if speaker.admin.is_empty() {
        String::new()
    } else {
        format!(" (admin listener: {})", speaker.admin)
    };
    format!(
        "{happened} {} {} `{}`{listener}.",
        speaker.stops(facts, need),
        what_to_do(need),
        fix(need, &account.name)
    )
}

const fn what_to_do(need: &Need) -> &'static str {
    match need {
        Need::Ending { .. } | Need::Ended { .. } | Need::GrantRefused { .. } => {
            "A person must sign in at the carrier again:"
        }
        Need::InDoubt => "Whoever does not want to wait signs in at the carrier again:",
        Need::ClientRefused { .. } => {
            "Compare both with the carrier's developer page, then store the right secret (or \
             correct it in the configuration):"
        }
        Need::Misconfigured { .. } => "This looks at it in detail:",
    }
}

impl Speaker<'_> {
    /// `2026-11-29 at 14:05 CET`.
    pub(crate) fn date(&self, at: SystemTime) -> String {
        let at = trail::stamp(at.into()).to_zoned(self.zone.clone());
        at.strftime("%Y-%m-%d at %H:%M %Z").to_string()
    }

    /// The day, as the notices are counted.
    pub(crate) fn day(&self) -> String {
        let now = trail::stamp(self.now.into()).to_zoned(self.zone.clone());
        now.date().to_string()
    }

    fn left(&self, at: SystemTime) -> String {
        let hours = at.duration_since(self.now).unwrap_or_default().as_secs() / 3600;
        match hours {
            0 => "in less than an hour".to_owned(),
            1 => "in 1 hour".to_owned(),
            2..48 => format!("in {hours} hours"),
            _ => format!("in {} days", hours / 24),
        }
    }

    /// What stops working, and when.
    fn stops(&self, facts: &Facts<'_>, need: &Need) -> String {
        let refused = "requests for the account are answered with an error instead of reaching \
                       the carrier";
        let token = facts.status.filter(|status| status.usable);
        match (need, token.and_then(|status| status.expires_at)) {
            (Need::Ending { .. }, _) => format!("From then on {refused}."),
            (_, Some(until)) => format!(
                "When its present token ends, on {}, {refused}.",
                self.date(until)
            ),
            (_, None) => format!("{}.", capital(refused)),
        }
    }
}

fn because(why: Option<&str>) -> String {
    why.map_or_else(String::new, |why| format!(": {}", quoted(why)))
}

/// A carrier's words on one line, not too many.
fn quoted(text: &str) -> String {
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    let mut quoted: String = text.chars().take(MAX_QUOTE).map(plain).collect();
    if text.chars().nth(MAX_QUOTE).is_some() {
        quoted.push('…');
    }
    quoted
}

fn capital(text: &str) -> String {
    let mut rest = text.chars();
    rest.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(rest).collect()
    })
}
