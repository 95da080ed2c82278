//! `[store]`: where accounts, grants and tokens are kept.

use crate::{
    description::{Effect, Key, Kind, Preset, Section},
    reader::{At, Context, Table},
};
use gateway_model::{MasterKeySource, Secret, StoreOptions, StoreUrl};
use std::path::Path;
use toml_span::value::ValueInner;

static URL: Key = Key {
    name: "url",
    kind: Kind::TextOrSecret("\"memory:\", \"sqlite://waybill.db\" or \"postgres://host/name\""),
    preset: Preset::Text("memory:"),
    effect: Effect::Restart,
    doc: "Where accounts, grants and tokens are kept. With `memory:` they are lost when the \
         process ends, and the gateway requests new tokens after a restart. Put a URL with a \
         password into the environment or a file.",
};
static MASTER_KEY: Key = Key {
    name: "master_key",
    kind: Kind::KeySource,
    preset: Preset::Unset("`waybill.key` beside the SQLite file; required for PostgreSQL"),
    effect: Effect::Restart,
    doc: "The master key that seals the secrets in the store. The gateway makes the key file \
         together with a new store. Keep a copy of the key file apart from the store.",
};
static OLD_KEYS: Key = Key {
    name: "old_keys",
    kind: Kind::KeySources,
    preset: Preset::Unset("none"),
    effect: Effect::Restart,
    doc: "Earlier master keys. Older records may still be sealed with them.",
};

static LISTEN_URL: Key = Key {
    name: "listen_url",
    kind: Kind::TextOrSecret("\"postgres://host/name\""),
    preset: Preset::Unset("`url`"),
    effect: Effect::Restart,
    doc: "A URL that leads to the same PostgreSQL database without a connection pooler. Set it if `url` leads \
          to a pooler in transaction mode, such as pgbouncer. The gateway uses one connection to it, for \
          messages of other gateways.",
};

pub(crate) static SECTION: Section = Section {
    path: "store",
    repeated: false,
    doc: "The store, which keeps accounts, grants and tokens.",
    keys: &[&URL, &LISTEN_URL, &MASTER_KEY, &OLD_KEYS],
};

/// The key file of an SQLite store, unless another is named.
const KEY_FILE: &str = "waybill.key";

pub(crate) fn read(cx: &mut Context<'_>, table: &Table<'_>) -> StoreOptions {
    let url = url(cx, table, &URL);
    let listen_url = listen_url(cx, table, url.as_ref());
    let named = table.key_source(cx, &MASTER_KEY);
    let old_keys = table.key_sources(cx, &OLD_KEYS);
    let master_key = match (&url, named) {
        // A URL that was refused may have been meant for any of them.
        (None, named) => named.unwrap_or(MasterKeySource::Ephemeral),
        (Some(StoreUrl::Memory), _) => {
            // A key for it is no mistake: the same file may have served a lasting store before.
            note_unused(cx, table);
            return StoreOptions {
                url: StoreUrl::Memory,
                master_key: MasterKeySource::Ephemeral,
                old_keys: Vec::new(),
                listen_url: None,
            };
        }
        (Some(_), Some(source)) => source,
        (Some(StoreUrl::Sqlite(file)), None) => {
            let folder = file.parent().unwrap_or_else(|| Path::new(""));
            // Beside the store, so that both are found together; a backup must keep them apart.
            MasterKeySource::File(folder.join(KEY_FILE))
        }
        (Some(StoreUrl::Postgres(_)), None) => {
            // A key that could not be read was reported already.
            if table.value(&MASTER_KEY).is_none() {
                cx.mistake(
                    table.place.clone(),
                    format!("{} has no {}", table.title, MASTER_KEY.name),
                    format!("write {} = {}", MASTER_KEY.name, MASTER_KEY.kind.form()),
                );
            }
            MasterKeySource::Ephemeral
        }
    };
    StoreOptions {
        url: url.unwrap_or(StoreUrl::Memory),
        master_key,
        old_keys,
        listen_url,
    }
}

/// Refused where nothing listens, because somebody who sets it expects a fleet.
fn listen_url(cx: &mut Context<'_>, table: &Table<'_>, store: Option<&StoreUrl>) -> Option<Secret> {
    let label = table.label(&LISTEN_URL);
    let refuse = |cx: &mut Context<'_>, message: &str, fix: &str| {
        let value = table.value(&LISTEN_URL);
        let place = value.map_or_else(|| table.place.clone(), |value| cx.place(value.span));
        cx.mistake(place, format!("{label} {message}"), fix);
    };
    let listen = url(cx, table, &LISTEN_URL)?;
    match (listen, store) {
        // A URL that was refused may have been meant for PostgreSQL.
        (StoreUrl::Postgres(listen), None | Some(StoreUrl::Postgres(_))) => Some(listen),
        (StoreUrl::Postgres(_), Some(StoreUrl::Memory | StoreUrl::Sqlite(_))) => {
            refuse(
                cx,
                "is for a store in PostgreSQL, and `url` names another one",
                "remove it, or write url = \"postgres://host/name\"",
            );
            None
        }
        (StoreUrl::Memory | StoreUrl::Sqlite(_), _) => {
            refuse(
                cx,
                "is not the URL of a PostgreSQL database",
                "write listen_url = \"postgres://host/name\"",
            );
            None
        }
    }
}

fn note_unused(cx: &mut Context<'_>, table: &Table<'_>) {
    for key in [&MASTER_KEY, &OLD_KEYS] {
        if let Some(value) = table.value(key) {
            let place = cx.place(value.span);
            let message = format!(
                "{} is not used: a store in memory has no lasting secret",
                key.name
            );
            cx.note(place, message);
        }
    }
}

/// The URL of a database, as text or as a secret.
fn url(cx: &mut Context<'_>, table: &Table<'_>, key: &Key) -> Option<StoreUrl> {
    let in_file = table.value(key).filter(|_| !table.is_overridden(cx, key));
    if let Some(value) = in_file
        && matches!(value.as_ref(), ValueInner::Table(_))
    {
        let At {
            value: secret,
            place,
        } = table.secret(cx, key)?;
        return match StoreUrl::parse(secret.expose(), cx.folder) {
            Ok(url) => Some(url),
            Err(problem) => {
                let message = format!("{}: {problem}", table.label(key));
                cx.mistake(place, message, format!("store {}", key.kind.form()));
                None
            }
        };
    }
    let folder = cx.folder;
    let at = table.parsed(cx, key, |text| {
        StoreUrl::parse(text, folder).map(|url| (url, holds_password(text)))
    })?;
    let (url, password) = at.value;
    // Only from a file that others can read: a variable is the operator's own business.
    if password && in_file.is_some() && !cx.private {
        cx.mistake(
            at.place,
            format!(
                "{} holds a password and stands in a file that others than its owner can read",
                table.label(key)
            ),
            "write { env = \"VARIABLE\" } or { file = \"path\" }, or restrict the configuration \
             file with chmod 600",
        );
        return None;
    }
    Some(url)
}

fn holds_password(text: &str) -> bool {
    let authority = text.split_once("://").map_or("", |(_, rest)| rest);
    let authority = authority.split(['/', '?']).next().unwrap_or_default();
    // The last `@`, since a password may hold one.
    let user = authority.rsplit_once('@').map_or("", |(user, _)| user);
    user.contains(':') || text.contains("password=")
}
