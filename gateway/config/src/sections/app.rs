//! `[[app]]`: a program that calls the gateway.

use super::account::client_id;
use crate::{
    description::{Effect, Key, Kind, Preset, Section},
    reader::{At, Context, Table},
};
use gateway_model::{AccountId, AppId, CarrierId, ClientSecret, RateLimit, Secret};
use std::{collections::BTreeSet, num::NonZeroU32};

/// A program that calls the gateway.
#[derive(Clone, Debug)]
pub struct App {
    /// The operator's name for the app.
    pub id: AppId,
    /// The app's credentials at the gateway's token endpoint.
    pub login: Option<AppLogin>,
    /// The key that the app sends in `Waybill-Key`.
    pub key: Option<Secret>,
    /// What it may use; its defaults stand first, so the first one of a carrier and environment is
    /// the default there.
    pub accounts: Vec<AccountId>,
    /// The app's rate limit.
    pub rate: Option<RateLimit>,
    /// Retired access keys by which it is recognised; they stand for its first account.
    pub legacy_keys: Vec<Secret>,
}

/// What an app uses at the gateway's token endpoint.
#[derive(Clone, Debug)]
pub struct AppLogin {
    /// The client id, which is not secret.
    pub client_id: String,
    /// The client secret.
    pub client_secret: ClientSecret,
}

static NAME: Key = Key {
    name: "name",
    kind: Kind::Text("\"shop\""),
    preset: Preset::Required,
    effect: Effect::Reload,
    doc: "The app's name in the access log and on the command line.",
};
static CLIENT_ID: Key = Key {
    name: "client_id",
    kind: Kind::Text("\"shop\""),
    preset: Preset::Unset("no token endpoint for it"),
    effect: Effect::Reload,
    doc: "The app's client id at the gateway's token endpoint. It may be the client id that the \
         app had at the carrier.",
};
static CLIENT_SECRET: Key = Key {
    name: "client_secret",
    kind: Kind::Secret,
    preset: Preset::Unset("no token endpoint for it"),
    effect: Effect::Reload,
    doc: "The secret that goes with `client_id`.",
};
static KEY: Key = Key {
    name: "key",
    kind: Kind::Secret,
    preset: Preset::Unset("none"),
    effect: Effect::Reload,
    doc: "The key that the app sends in `Waybill-Key`, if it has no OAuth code.",
};
static ACCOUNTS: Key = Key {
    name: "accounts",
    kind: Kind::Texts("\"main\""),
    preset: Preset::Required,
    effect: Effect::Reload,
    doc: "The accounts that the app may use. The first of a carrier and environment is the app's \
         default there.",
};
static DEFAULT: Key = Key {
    name: "default",
    kind: Kind::MapOfTexts {
        name: "ups",
        value: "\"main\"",
    },
    preset: Preset::Unset("the first in `accounts`"),
    effect: Effect::Reload,
    doc: "For each carrier, the account of requests that name no account. A list gives one \
         account for each environment.",
};

static RATE_KEY: Key = Key {
    name: "rate",
    kind: Kind::Inner(&RATE, "{ per_second = 50, burst = 100 }"),
    preset: Preset::Unset("no limit"),
    effect: Effect::Reload,
    doc: "The app's rate limit: `per_second` requests in the long run, and `burst` requests at \
         once (`per_second` unless given). The gateway answers further requests with 429.",
};
static LEGACY_KEYS: Key = Key {
    name: "legacy_keys",
    kind: Kind::Secrets,
    preset: Preset::Unset("none"),
    effect: Effect::Reload,
    doc: "Retired access keys that identify the app. They stand for the app's first account.",
};
static PER_SECOND: Key = Key {
    name: "per_second",
    kind: Kind::Integer {
        // One request a second at least: no requests at all is an app that should be removed.
        min: 1,
        max: 1_000_000,
    },
    preset: Preset::Required,
    effect: Effect::Reload,
    doc: "The number of requests in a second in the long run.",
};
static BURST: Key = Key {
    name: "burst",
    kind: Kind::Integer {
        min: 1,
        max: 1_000_000,
    },
    preset: Preset::Unset("`per_second`"),
    effect: Effect::Reload,
    doc: "The number of requests at once.",
};
/// No variable overrides what stands in a list, so it counts as repeated itself.
static RATE: Section = Section {
    path: "app.rate",
    repeated: true,
    doc: "The rate limit of an app.",
    keys: &[&PER_SECOND, &BURST],
};

pub(crate) static SECTION: Section = Section {
    path: "app",
    repeated: true,
    doc: "A program that calls the gateway. It needs `client_id` and `client_secret`, or `key`, \
         or `legacy_keys`. It may have several of them.",
    keys: &[
        &NAME,
        &CLIENT_ID,
        &CLIENT_SECRET,
        &KEY,
        &ACCOUNTS,
        &DEFAULT,
        &RATE_KEY,
        &LEGACY_KEYS,
    ],
};

/// An app as far as it could be read; the checks between sections work on this.
pub(crate) struct Draft {
    pub(crate) title: String,
    pub(crate) id: Option<At<AppId>>,
    pub(crate) client_id: Option<At<String>>,
    key: Option<At<Secret>>,
    pub(crate) accounts: Vec<At<AccountId>>,
    pub(crate) defaults: Vec<(CarrierId, At<AccountId>)>,
    legacy_keys: Vec<At<Secret>>,
    rate: Option<RateLimit>,
    client_secret: Option<At<ClientSecret>>,
}

impl Draft {
    pub(crate) fn read(cx: &mut Context<'_>, table: &mut Table<'_>) -> Self {
        let id: Option<At<AppId>> = table.parsed(cx, &NAME, str::parse);
        if let Some(id) = &id {
            table.title = format!("app {:?}", id.value.as_str());
        }
        let accounts = accounts(cx, table);
        let draft = Self {
            title: table.title.clone(),
            id,
            client_id: table.parsed(cx, &CLIENT_ID, client_id),
            client_secret: table.secret(cx, &CLIENT_SECRET),
            key: table.secret(cx, &KEY),
            accounts,
            defaults: defaults(cx, table),
            rate: rate(cx, table),
            legacy_keys: table.secrets(cx, &LEGACY_KEYS).unwrap_or_default(),
        };
        draft.check_credentials(cx, table);
        draft
    }

    /// All that it may send instead of an id and a secret.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &At<Secret>> {
        self.key.iter().chain(&self.legacy_keys)
    }

    fn check_credentials(&self, cx: &mut Context<'_>, table: &Table<'_>) {
        // By presence and not by value: a secret that could not be read was still meant.
        let has = |key: &Key| table.value(key).is_some();
        let has_key = has(&KEY) || has(&LEGACY_KEYS);
        match (has(&CLIENT_ID), has(&CLIENT_SECRET), has_key) {
            (true, false, _) => cx.mistake(
                table.place.clone(),
                format!("{} has a client_id but no client_secret", self.title),
                format!("write client_secret = {}", Kind::Secret.form()),
            ),
            (false, true, _) => cx.mistake(
                table.place.clone(),
                format!("{} has a client_secret but no client_id", self.title),
                "write client_id = \"…\"",
            ),
            (false, false, false) => cx.mistake(
                table.place.clone(),
                format!("{} has no way to prove who it is", self.title),
                "write client_id and client_secret, or key, or legacy_keys",
            ),
            (true, true, _) | (false, false, true) => {}
        }
        // Keys come in header fields, where other characters would change on the way.
        let unfit = |key: &&At<Secret>| !key.value.expose().bytes().all(|b| b.is_ascii_graphic());
        for key in self.keys().filter(unfit) {
            cx.mistake(
                key.place.clone(),
                format!(
                    "{}: the key holds a space or a character outside ASCII",
                    self.title
                ),
                "use a key of letters, digits and punctuation, as an HTTP field can carry it",
            );
        }
    }

    pub(crate) fn finish(self) -> Option<App> {
        let mut accounts: Vec<AccountId> = Vec::new();
        // An account may be both a default and in the list; its first place counts.
        let mut seen = BTreeSet::new();
        let defaults = self.defaults.into_iter().map(|(_, at)| at);
        for At { value, .. } in defaults.chain(self.accounts) {
            if seen.insert(value.clone()) {
                accounts.push(value);
            }
        }
        let login = match (self.client_id, self.client_secret) {
            (Some(client_id), Some(client_secret)) => Some(AppLogin {
                client_id: client_id.value,
                client_secret: client_secret.value,
            }),
            (Some(_) | None, Some(_) | None) => None,
        };
        Some(App {
            id: self.id?.value,
            login,
            key: self.key.map(|at| at.value),
            accounts,
            rate: self.rate,
            legacy_keys: self.legacy_keys.into_iter().map(|at| at.value).collect(),
        })
    }
}

fn rate(cx: &mut Context<'_>, table: &Table<'_>) -> Option<RateLimit> {
    let inner = table.inner(cx, &RATE_KEY)?;
    let number = |number: u64| NonZeroU32::new(u32::try_from(number).ok()?);
    let per_second = inner.integer(cx, &PER_SECOND).and_then(number);
    let burst = inner.integer(cx, &BURST).and_then(number);
    Some(RateLimit {
        per_second: per_second?,
        // The rate of one second, so that an app without `burst` is not held to single requests.
        burst: burst.or(per_second)?,
    })
}

fn accounts(cx: &mut Context<'_>, table: &Table<'_>) -> Vec<At<AccountId>> {
    let Some(texts) = table.texts_not_empty(cx, &ACCOUNTS) else {
        return Vec::new();
    };
    let mut ids: Vec<At<AccountId>> = Vec::new();
    let mut seen = BTreeSet::new();
    for text in texts {
        if let Some(id) = account_id(cx, table, &ACCOUNTS, &text) {
            if seen.insert(id.value.clone()) {
                ids.push(id);
            } else {
                let message = format!("{} lists {} twice", table.label(&ACCOUNTS), id.value);
                cx.mistake(id.place, message, "remove one of them");
            }
        }
    }
    ids
}

fn defaults(cx: &mut Context<'_>, table: &Table<'_>) -> Vec<(CarrierId, At<AccountId>)> {
    let mut defaults = Vec::new();
    for (name, (place, texts)) in table.map(cx, &DEFAULT) {
        match name.parse::<CarrierId>() {
            Ok(carrier) => defaults.extend(
                texts
                    .iter()
                    .filter_map(|text| account_id(cx, table, &DEFAULT, text))
                    .map(|id| (carrier.clone(), id)),
            ),
            Err(error) => {
                let message = format!("{}: {error}", table.label(&DEFAULT));
                cx.mistake(place, message, "write a carrier id such as ups");
            }
        }
    }
    defaults
}

fn account_id(
    cx: &mut Context<'_>,
    table: &Table<'_>,
    key: &Key,
    text: &At<String>,
) -> Option<At<AccountId>> {
    match text.value.parse() {
        Ok(value) => Some(At {
            value,
            place: text.place.clone(),
        }),
        Err(error) => {
            let message = format!("{}: {error}", table.label(key));
            cx.mistake(
                text.place.clone(),
                message,
                "write the name of an [[account]]",
            );
            None
        }
    }
}
