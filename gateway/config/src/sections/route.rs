//! `[[route]]`: a carrier and environment that apps may reach.

use super::listen::hosts;
use crate::{
    description::{Effect, Key, Kind, Preset, Section},
    error::Place,
    reader::{At, Context, Table, shortened},
};
use gateway_model::{AccountId, CarrierId, Environment, Origin, Scheme};

/// A carrier and environment that apps may reach.
#[derive(Clone, Debug)]
pub struct Route {
    /// The carrier.
    pub carrier: CarrierId,
    /// The carrier's environment.
    pub environment: Environment,
    /// The account of callers who name none; of the route's carrier and environment.
    pub account: Option<AccountId>,
    /// Replaces the plugin's origin, token endpoint included.
    pub origin: Option<Origin>,
    /// An `http` origin is allowed. Always true when `origin` is one.
    pub danger_plaintext_upstream: bool,
    /// A refresh token of unknown fate may be presented once more, when a login is the only
    /// alternative.
    pub last_chance: bool,
    /// Names that select the route when an app sends them in `Host`; lower case.
    pub hosts: Vec<String>,
    /// First path segment that selects the route and is removed: `/ups`.
    pub prefix: Option<String>,
}

static CARRIER: Key = Key {
    name: "carrier",
    kind: Kind::Text("\"ups\""),
    preset: Preset::Required,
    effect: Effect::Reload,
    doc: "The carrier's name, as its plugin defines it.",
};
static ENVIRONMENT: Key = Key {
    name: "environment",
    kind: Kind::OneOf(&["production", "test"]),
    preset: Preset::Required,
    effect: Effect::Reload,
    doc: "The carrier's environment. The route refuses accounts of the other environment.",
};
static ACCOUNT: Key = Key {
    name: "account",
    kind: Kind::Text("\"main\""),
    preset: Preset::Unset("callers must name one or be an app that has one"),
    effect: Effect::Reload,
    doc: "The account of callers that name no account.",
};
static ORIGIN: Key = Key {
    name: "origin",
    kind: Kind::Text("\"https://host\" or \"https://host:port\""),
    preset: Preset::Unset("the carrier's own"),
    effect: Effect::Reload,
    doc: "The origin for API requests and token requests, instead of the carrier's own origin.",
};
static DANGER_PLAINTEXT_UPSTREAM: Key = Key {
    name: "danger_plaintext_upstream",
    kind: Kind::Bool,
    preset: Preset::Bool(false),
    effect: Effect::Reload,
    doc: "Allows an `http://` origin. Secrets and tokens then cross the network in clear, so use \
         it only for a mock on the same machine.",
};
static LAST_CHANCE: Key = Key {
    name: "last_chance",
    kind: Kind::Bool,
    // On: the alternative is a person who has to sign in again.
    preset: Preset::Bool(true),
    effect: Effect::Reload,
    doc: "Whether the gateway may present a refresh token once more if it cannot know whether \
         the carrier used it up. It does so just before the access token ends, when a new \
         sign-in is the only alternative. Set `false` if a second presentation could do harm.",
};
static HOSTS: Key = Key {
    name: "hosts",
    kind: Kind::Texts("\"ups.internal\""),
    preset: Preset::Unset("any"),
    effect: Effect::Reload,
    doc: "Host names. A request with one of them in `Host` takes this route.",
};
static PREFIX: Key = Key {
    name: "prefix",
    kind: Kind::Text("\"/ups\""),
    preset: Preset::Unset("none"),
    effect: Effect::Reload,
    doc: "The first segment of the path. A request whose path begins with it takes this route, \
         and the gateway removes the segment before it forwards the request.",
};

pub(crate) static SECTION: Section = Section {
    path: "route",
    repeated: true,
    doc: "A carrier and environment that apps may reach. One route may have neither `hosts` nor \
         `prefix`. It is the catch-all route and takes every request that no other route takes.",
    keys: &[
        &CARRIER,
        &ENVIRONMENT,
        &ACCOUNT,
        &ORIGIN,
        &DANGER_PLAINTEXT_UPSTREAM,
        &LAST_CHANCE,
        &HOSTS,
        &PREFIX,
    ],
};

/// A route as far as it could be read; the checks between sections work on this.
pub(crate) struct Draft {
    pub(crate) title: String,
    pub(crate) place: Place,
    pub(crate) carrier: Option<At<CarrierId>>,
    pub(crate) environment: Option<At<Environment>>,
    pub(crate) account: Option<At<AccountId>>,
    pub(crate) hosts: Vec<String>,
    pub(crate) prefix: Option<At<String>>,
    origin: Option<At<Origin>>,
    danger_plaintext_upstream: bool,
    last_chance: bool,
}

impl Draft {
    pub(crate) fn read(cx: &mut Context<'_>, table: &Table<'_>) -> Self {
        let origin = table.parsed(cx, &ORIGIN, parse_origin);
        let danger_plaintext_upstream = table.bool(cx, &DANGER_PLAINTEXT_UPSTREAM);
        if let Some(at) = &origin
            && at.value.scheme() == Scheme::Http
            // Refused unless the operator says by the key's own name that it is dangerous.
            && !danger_plaintext_upstream
        {
            cx.mistake(
                at.place.clone(),
                format!(
                    "{}: {} would carry secrets and tokens in clear",
                    table.label(&ORIGIN),
                    at.value
                ),
                "write https://, or add danger_plaintext_upstream = true for a mock on this \
                 machine",
            );
        }
        Self {
            title: table.title.clone(),
            place: table.place.clone(),
            carrier: table.parsed(cx, &CARRIER, str::parse),
            environment: table.parsed(cx, &ENVIRONMENT, str::parse),
            account: table.parsed(cx, &ACCOUNT, str::parse),
            hosts: hosts(cx, table, &HOSTS),
            prefix: table.parsed(cx, &PREFIX, parse_prefix),
            origin,
            danger_plaintext_upstream,
            last_chance: table.bool(cx, &LAST_CHANCE),
        }
    }

    pub(crate) fn finish(self) -> Option<Route> {
        Some(Route {
            carrier: self.carrier?.value,
            environment: self.environment?.value,
            account: self.account.map(|at| at.value),
            origin: self.origin.map(|at| at.value),
            danger_plaintext_upstream: self.danger_plaintext_upstream,
            last_chance: self.last_chance,
            hosts: self.hosts,
            prefix: self.prefix.map(|at| at.value),
        })
    }
}

fn parse_origin(text: &str) -> Result<Origin, String> {
    if text.contains('@') {
        // Not quoted: what stands before the @ may be a password.
        return Err("an origin has no user name and password".into());
    }
    text.parse()
        .map_err(|error: gateway_model::OriginError| error.to_string())
}

fn parse_prefix(text: &str) -> Result<String, String> {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    match text.strip_prefix('/') {
        // No dot in front: `..` would climb when a client resolves the path.
        Some(name) if !name.is_empty() && name.bytes().all(allowed) && !name.starts_with('.') => {
            Ok(text.to_owned())
        }
        Some(_) | None => Err(format!(
            "{:?} is not a slash and one path segment",
            shortened(text)
        )),
    }
}
