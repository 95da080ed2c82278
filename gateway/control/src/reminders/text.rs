//! The text of a notice: what ends and when, what stops working, what to do.

use super::assessment::{Assessment, Facts, Need, assess};
use crate::{
    api_time,
    restored::{cause_of_doubt, older_state},
};
use gateway_model::{AccountId, GrantKind, NoticeKind};
use jiff::tz::TimeZone;
use std::time::SystemTime;

/// The maximum length of a quotation from the carrier.
const MAX_QUOTE: usize = 300;

/// What the text of a notice depends on besides the account.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MessageContext<'a> {
    /// The time zone of dates.
    pub(crate) zone: &'a TimeZone,
    /// The address of the admin listener; empty if it is not known.
    pub(crate) admin: &'a str,
    pub(crate) now: SystemTime,
}

/// The command that solves the problem.
pub(crate) fn fix(need: &Need, account: &AccountId) -> String {
    match need {
        Need::Ending { .. }
        | Need::Ended { .. }
        | Need::GrantRefused { .. }
        | Need::InDoubt { .. } => {
            format!("waybill account authorize {account}")
        }
        Need::ClientRefused { .. } => format!("waybill account rotate-secret {account}"),
        Need::Misconfigured { .. } => format!("waybill doctor {account}"),
    }
}

/// The command that solves the problem of an earlier notice.
pub(crate) fn fix_of(facts: &Facts<'_>, kind: NoticeKind, days: u16, now: SystemTime) -> String {
    let account = facts.account;
    // What the account needs now says it best; an older notice gets what its kind needs.
    if let Assessment::Needs(need) = assess(facts, days, now)
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
pub(crate) fn message(context: &MessageContext<'_>, facts: &Facts<'_>, need: &Need) -> String {
    let account = facts.account;
    let name = format!(
        "account {} ({}, {})",
        account.name, account.carrier, account.environment
    );
    let happened = match need {
        Need::Ending { at, why } => format!(
            "The sign-in of {name} ends on {} ({}), and the gateway cannot extend it{}.",
            context.date(*at),
            context.left(*at),
            because(why.as_deref())
        ),
        Need::Ended { at } => {
            format!("The sign-in of {name} ended on {}.", context.date(*at))
        }
        Need::GrantRefused { why, restored } => format!(
            "The carrier no longer accepts the sign-in of {name}{}. {}.",
            because(why.as_deref()),
            restored.map_or_else(
                || "A changed password or profile at the carrier has this effect".to_owned(),
                |from| {
                    let state = older_state(from, |at| context.date(at));
                    format!(
                        "{}, and the sign-in has been renewed since",
                        capital(&state)
                    )
                }
            )
        ),
        Need::ClientRefused { why } => format!(
            "The carrier refuses the client id and secret of {name}{}.",
            because(why.as_deref())
        ),
        Need::InDoubt { restored } => format!(
            "It is not known whether the sign-in of {name} is still valid: {}. The gateway tries it \
             once more shortly before the present token expires.",
            cause_of_doubt(*restored, |at| context.date(at))
        ),
        Need::Misconfigured { why } => format!(
            "{} cannot work with its present configuration{}.",
            capital(&name),
            because(why.as_deref())
        ),
    };
    let page = page(context.admin, &account.name);
    let page = page.map_or_else(|| ".".to_owned(), |page| format!(", or open {page}"));
    format!(
        "{happened} {} {} `{}`{page}",
        context.stops(facts, need),
        what_to_do(need),
        fix(need, &account.name)
    )
}

/// The page on which a person solves the problem, if the address of the admin listener is known.
pub(crate) fn page(admin: &str, account: &AccountId) -> Option<String> {
    // A name has no character that an address would have to encode.
    (!admin.is_empty()).then(|| format!("{admin}/ui/accounts/{account}"))
}

const fn what_to_do(need: &Need) -> &'static str {
    match need {
        Need::Ending { .. } | Need::Ended { .. } | Need::GrantRefused { .. } => {
            "A person must sign in at the carrier again:"
        }
        Need::InDoubt { .. } => "To solve this now, sign in at the carrier again:",
        Need::ClientRefused { .. } => {
            "Compare both with the carrier's developer page, then store the right secret, or \
             correct it in the configuration:"
        }
        Need::Misconfigured { .. } => "Run the doctor for details:",
    }
}

impl MessageContext<'_> {
    /// `2026-11-29 at 14:05 CET`.
    pub(crate) fn date(&self, at: SystemTime) -> String {
        let at = api_time::from_store(at.into()).to_zoned(self.zone.clone());
        at.strftime("%Y-%m-%d at %H:%M %Z").to_string()
    }

    /// The day that a notice belongs to.
    pub(crate) fn day(&self) -> String {
        let now = api_time::from_store(self.now.into()).to_zoned(self.zone.clone());
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

    /// What stops working and when.
    fn stops(&self, facts: &Facts<'_>, need: &Need) -> String {
        let refused = "requests for the account get an error instead of reaching the carrier";
        let token = facts.status.filter(|status| status.usable);
        match (need, token.and_then(|status| status.expires_at)) {
            (Need::Ending { .. }, _) => format!("From then on {refused}."),
            (_, Some(until)) => format!(
                "When its present token expires, on {}, {refused}.",
                self.date(until)
            ),
            (_, None) => format!("{}.", capital(refused)),
        }
    }
}

fn because(why: Option<&str>) -> String {
    why.map_or_else(String::new, |why| format!(": {}", quoted(why)))
}

/// A quotation from the carrier on one line, shortened.
fn quoted(text: &str) -> String {
    // A line break in the carrier's text could imitate a line of the log or the mail.
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
