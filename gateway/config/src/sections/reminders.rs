//! `[reminders]`, `[reminders.webhook]` and `[reminders.mail]`: who is told before a grant ends.

use super::{consent::is_loopback, mail::Mail};
use crate::{
    description::{Effect, Key, Kind, Preset, Section},
    reader::{At, Context, Table, shortened},
};
use gateway_model::Secret;
use jiff::tz::TimeZone;
use std::time::Duration;
use toml_span::value::ValueInner;
use url::Url;

/// Who gets a reminder before a grant ends, and when.
#[derive(Clone, Debug)]
pub struct Reminders {
    /// How long before its end a grant is first reminded of.
    pub before: Duration,
    /// In which zone dates are written; `None`: the system's.
    pub zone: Option<TimeZone>,
    /// The program that gets reminders.
    pub webhook: Option<Webhook>,
    /// The people who get reminders.
    pub mail: Option<Mail>,
}

/// A program that gets reminders.
#[derive(Clone, Debug)]
pub struct Webhook {
    /// The program's URL. It may contain a secret.
    pub url: Secret,
    /// The key that signs the calls.
    pub secret: Secret,
}

static DAYS_BEFORE: Key = Key {
    name: "days_before",
    kind: Kind::Integer { min: 1, max: 60 },
    // A week, since signing in may need a person who is on leave.
    preset: Preset::Integer(7),
    effect: Effect::Reload,
    doc: "How many days before the end of a sign-in the first reminder is sent. Further \
         reminders follow once a day.",
};
static ZONE: Key = Key {
    name: "zone",
    kind: Kind::Text("\"Europe/Berlin\""),
    preset: Preset::Unset("the system's"),
    effect: Effect::Reload,
    doc: "The time zone of the dates in reminders, by its IANA name.",
};
static WEBHOOK_URL: Key = Key {
    name: "url",
    kind: Kind::TextOrSecret("\"https://host/path\""),
    preset: Preset::Required,
    effect: Effect::Reload,
    doc: "The URL that receives the reminders. Put a URL that contains a secret into the \
         environment or a file.",
};
static WEBHOOK_SECRET: Key = Key {
    name: "secret",
    kind: Kind::Secret,
    preset: Preset::Required,
    effect: Effect::Reload,
    doc: "The key that signs the calls, so that the receiver can check that they come from the \
         gateway.",
};

pub(crate) static SECTION: Section = Section {
    path: "reminders",
    repeated: false,
    doc: "Reminders that are sent before a person must sign in again. The command line, the log \
         and the metrics show them without any setting.",
    keys: &[&DAYS_BEFORE, &ZONE],
};
pub(crate) static WEBHOOK: Section = Section {
    path: "reminders.webhook",
    repeated: false,
    doc: "Reminders that are sent to a program. Without this section the gateway calls no program.",
    keys: &[&WEBHOOK_URL, &WEBHOOK_SECRET],
};

impl Reminders {
    pub(crate) fn read(
        cx: &mut Context<'_>,
        table: &Table<'_>,
        webhook: &Table<'_>,
        mail: &Table<'_>,
    ) -> Self {
        let days = table.integer(cx, &DAYS_BEFORE).unwrap_or_default();
        Self {
            before: Duration::from_secs(days * 24 * 60 * 60),
            zone: table.parsed(cx, &ZONE, zone).map(|at| at.value),
            webhook: read_webhook(cx, webhook),
            mail: Mail::read(cx, mail),
        }
    }
}

fn zone(text: &str) -> Result<TimeZone, String> {
    // Looked up now: a zone that the system does not know must not be found at the first reminder.
    TimeZone::get(text).map_err(|_| {
        format!(
            "{:?} is not a time zone that this system knows",
            shortened(text)
        )
    })
}

fn read_webhook(cx: &mut Context<'_>, table: &Table<'_>) -> Option<Webhook> {
    if !table.is_given(cx) {
        return None;
    }
    let url = webhook_url(cx, table);
    let secret = table.secret(cx, &WEBHOOK_SECRET);
    Some(Webhook {
        url: url?,
        secret: secret?.value,
    })
}

fn webhook_url(cx: &mut Context<'_>, table: &Table<'_>) -> Option<Secret> {
    // A variable holds a plain text, whatever stands in the file.
    let in_file = table
        .value(&WEBHOOK_URL)
        .filter(|_| !table.is_overridden(cx, &WEBHOOK_URL));
    let is_table = in_file.is_some_and(|value| matches!(value.as_ref(), ValueInner::Table(_)));
    let At { value, place } = if is_table {
        table.secret(cx, &WEBHOOK_URL)?
    } else {
        table.parsed(cx, &WEBHOOK_URL, |text| {
            Ok::<_, std::convert::Infallible>(Secret::new(text.to_owned()))
        })?
    };
    // Not quoted: the path may be a secret.
    let url = value.expose().parse::<Url>();
    let url = url
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https"));
    let Some(url) = url.filter(|url| url.has_host() && url.fragment().is_none()) else {
        table.refuse(
            cx,
            &WEBHOOK_URL,
            place,
            "not an absolute http or https address",
        );
        return None;
    };
    // Noted and not refused, as the receiver may be in the same network.
    if url.scheme() == "http" && !is_loopback(&url) {
        let message =
            "reminders go over plain http: names and dates of accounts can be read on the way";
        cx.note(place, message);
    }
    Some(value)
}
