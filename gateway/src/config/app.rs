//! `[[app]]`: a program that calls the gateway.

use super::{
    account::client_id,
    key::{Key, Kind, Preset, Section},
    read::{At, Context, Table},
};
use gateway_model::{AccountId, AppId, CarrierId, ClientSecret, Secret};

/// A program that calls the gateway.
#[derive(Clone, Debug)]
pub struct App {
    /// The operator's name of it.
    pub id: AppId,
    /// What it uses at the gateway's token endpoint.
    pub login: Option<AppLogin>,
    /// What it sends in `Waybill-Key`.
    pub key: Option<Secret>,
    /// What it may use; its defaults stand first, so the first one of a carrier and environment is
    /// the default there.
    pub accounts: Vec<AccountId>,
}

/// What an app uses at the gateway's token endpoint.
#[derive(Clone, Debug)]
pub struct AppLogin {
    /// Public.
    pub client_id: String,
    /// Secret.
    pub client_secret: ClientSecret,
}

static NAME: Key = Key {
    name: "name",
    kind: Kind::Text("\"shop\""),
    preset: Preset::Required,
    doc: "What logs and metrics call it.",
};
static CLIENT_ID: Key = Key {
    name: "client_id",
    kind: Kind::Text("\"shop\""),
    preset: Preset::Unset("no token endpoint for it"),
    doc: "What the app uses at the gateway's token endpoint; may be its old one at the carrier.",
};
static CLIENT_SECRET: Key = Key {
    name: "client_secret",
    kind: Kind::Secret,
    preset: Preset::Unset("no token endpoint for it"),
    doc: "The secret that goes with `client_id`.",
};
static KEY: Key = Key {
    name: "key",
    kind: Kind::Secret,
    preset: Preset::Unset("none"),
    doc: "What the app sends in `Waybill-Key`, if it has no OAuth code.",
};
static ACCOUNTS: Key = Key {
    name: "accounts",
    kind: Kind::Texts("\"main\""),
    preset: Preset::Required,
    doc: "The accounts that it may use. The first of a carrier and environment is its default.",
};
static DEFAULT: Key = Key {
    name: "default",
    kind: Kind::MapOfTexts {
        name: "ups",
        value: "\"main\"",
    },
    preset: Preset::Unset("the first in `accounts`"),
    doc: "For a carrier, the account to use when a request names none; a list when there is one \
          for each environment.",
};

pub(super) static SECTION: Section = Section {
    path: "app",
    repeated: true,
    doc: "A program that calls the gateway. It needs `client_id` and `client_secret`, or `key`, \
          or all three.",
    keys: &[&NAME, &CLIENT_ID, &CLIENT_SECRET, &KEY, &ACCOUNTS, &DEFAULT],
};

/// An app as far as it could be read; the checks between sections work on this.
pub(super) struct Draft {
    pub(super) title: String,
    pub(super) id: Option<At<AppId>>,
    pub(super) client_id: Option<At<String>>,
    pub(super) key: Option<At<Secret>>,
    pub(super) accounts: Vec<At<AccountId>>,
    pub(super) defaults: Vec<(CarrierId, At<AccountId>)>,
    client_secret: Option<At<ClientSecret>>,
}

impl Draft {
    pub(super) fn read(cx: &mut Context<'_>, table: &mut Table<'_>) -> Self {
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
        };
        draft.check_credentials(cx, table);
        draft
    }

    fn check_credentials(&self, cx: &mut Context<'_>, table: &Table<'_>) {
        let has = |key: &Key| table.value(key).is_some();
        match (has(&CLIENT_ID), has(&CLIENT_SECRET), has(&KEY)) {
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
                "write client_id and client_secret, or key",
            ),
            (true, true, _) | (false, false, true) => {}
        }
        if let Some(key) = &self.key
            && !key.value.expose().bytes().all(|b| b.is_ascii_graphic())
        {
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

    pub(super) fn finish(self) -> Option<App> {
        let mut accounts: Vec<AccountId> = Vec::new();
        let defaults = self.defaults.into_iter().map(|(_, at)| at);
        for At { value, .. } in defaults.chain(self.accounts) {
            if !accounts.contains(&value) {
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
        })
    }
}

fn accounts(cx: &mut Context<'_>, table: &Table<'_>) -> Vec<At<AccountId>> {
    let Some(texts) = table.texts_not_empty(cx, &ACCOUNTS) else {
        return Vec::new();
    };
    let mut ids: Vec<At<AccountId>> = Vec::new();
    for text in texts {
        if let Some(id) = account_id(cx, table, &ACCOUNTS, &text) {
            if ids.iter().any(|other| other.value == id.value) {
                let message = format!("{} lists {} twice", table.label(&ACCOUNTS), id.value);
                cx.mistake(id.place, message, "remove one of them");
            } else {
                ids.push(id);
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
