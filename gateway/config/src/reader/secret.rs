//! Secrets: from the environment, from a file, or from the configuration file if only its owner can
//! read it.

use super::{
    context::{At, Context},
    table::Table,
    wording::{nearest_fix, shortened, type_name},
};
use crate::{
    description::{Key, Preset},
    error::Place,
};
use gateway_model::Secret;
use std::{collections::BTreeSet, io::Read as _};
use toml_span::{Value, value::ValueInner};

/// Longer than any credential a carrier issues; a wrong path (a log, a core file) stops here.
const LONGEST: u64 = 64 * 1024;

/// With less room than this the standard library reads into a buffer of its own first.
const SPARE: usize = 64;

const SOURCES: [&str; 3] = ["env", "file", "value"];

impl Table<'_> {
    /// Reads a secret. No message quotes any part of it.
    pub(crate) fn secret(&self, cx: &mut Context<'_>, key: &Key) -> Option<At<Secret>> {
        let Some(value) = self.value(key) else {
            if matches!(key.preset, Preset::Required) {
                let message = format!("{} has no {}", self.title, key.name);
                let fix = format!("write {} = {}", key.name, key.kind.form());
                cx.mistake(self.place.clone(), message, fix);
            }
            return None;
        };
        SecretPlace::new(self, key).read(cx, value)
    }

    /// Reads a list of secrets that makes no sense without any, or with one of them twice.
    pub(crate) fn secrets(&self, cx: &mut Context<'_>, key: &Key) -> Option<Vec<At<Secret>>> {
        let value = self.value(key)?;
        let place = cx.place(value.span);
        let ValueInner::Array(items) = value.as_ref() else {
            self.refuse(cx, key, place, &type_name(value.as_ref()));
            return None;
        };
        // An empty list reads like "no secret needed", which is never meant.
        if items.is_empty() {
            self.refuse(cx, key, place, "empty");
            return None;
        }
        let mut secrets: Vec<At<Secret>> = Vec::new();
        let reader = SecretPlace::new(self, key);
        for item in items {
            secrets.extend(reader.read(cx, item));
        }
        // Compared, but never shown: the message names the place only.
        let mut seen = BTreeSet::new();
        let repeated: Vec<bool> = secrets
            .iter()
            .map(|secret| !seen.insert(secret.value.expose()))
            .collect();
        let mut kept = Vec::with_capacity(secrets.len());
        for (secret, repeated) in secrets.into_iter().zip(repeated) {
            if repeated {
                let message = format!("{} has one secret twice", self.label(key));
                cx.mistake(secret.place, message, "remove one of them");
            } else {
                kept.push(secret);
            }
        }
        Some(kept)
    }
}

/// Whether a value is written like a secret: a table with the name of a source.
pub(super) fn is_secret(value: &ValueInner<'_>) -> bool {
    let ValueInner::Table(entries) = value else {
        return false;
    };
    entries.len() == 1
        && entries
            .keys()
            .all(|key| SOURCES.contains(&key.name.as_ref()))
}

/// What messages about a secret call it, and what they say to write instead.
pub(super) struct SecretPlace {
    pub(super) label: String,
    pub(super) form: String,
}

impl SecretPlace {
    fn new(table: &Table<'_>, key: &Key) -> Self {
        Self {
            label: table.label(key),
            form: key.kind.form(),
        }
    }

    fn refuse(&self, cx: &mut Context<'_>, place: Place, found: &str) {
        let message = format!("{} is {found}", self.label);
        cx.mistake(place, message, format!("write {}", self.form));
    }

    /// Reads one secret. No message quotes any part of it.
    pub(super) fn read(&self, cx: &mut Context<'_>, value: &Value<'_>) -> Option<At<Secret>> {
        let place = cx.place(value.span);
        let ValueInner::Table(entries) = value.as_ref() else {
            self.refuse(cx, place, &type_name(value.as_ref()));
            return None;
        };
        // Unknown keys first, since they explain best why no source was found.
        for name in entries.keys() {
            if !SOURCES.contains(&name.name.as_ref()) {
                let message = format!("{} has no key {:?}", self.label, shortened(&name.name));
                cx.mistake(
                    cx.place(name.span),
                    message,
                    nearest_fix(&name.name, &SOURCES),
                );
            }
        }
        let mut named = entries
            .iter()
            .filter(|(name, _)| SOURCES.contains(&name.name.as_ref()));
        let (Some((source, value)), None) = (named.next(), named.next()) else {
            // An unknown key alone was already reported with its fix.
            if entries.len() != 1 {
                self.refuse(cx, place, "not exactly one source of a secret");
            }
            return None;
        };
        let ValueInner::String(text) = value.as_ref() else {
            self.refuse(cx, cx.place(value.span), &type_name(value.as_ref()));
            return None;
        };
        let place = cx.place(value.span);
        let secret = match source.name.as_ref() {
            "env" => self.in_variable(cx, &place, text)?,
            "file" => self.in_file(cx, &place, text)?,
            _ => self.in_place(cx, &place, text)?,
        };
        self.usable(cx, place, secret)
    }

    fn in_variable(&self, cx: &mut Context<'_>, place: &Place, name: &str) -> Option<Secret> {
        let found = cx.variables.get(name);
        if found.is_none() {
            cx.mistake(
                place.clone(),
                format!(
                    "{}: the environment variable {:?} is not set",
                    self.label,
                    shortened(name)
                ),
                "set it where the gateway is started, or name another variable",
            );
        }
        found.map(Secret::new)
    }

    fn in_file(&self, cx: &mut Context<'_>, place: &Place, name: &str) -> Option<Secret> {
        let path = cx.folder.join(name);
        let mut text = String::new();
        let read = std::fs::File::open(&path).and_then(|file| {
            // A pipe or a file of a virtual file system has no length before it is read.
            let length = file.metadata()?.len();
            let room = if length == 0 {
                LONGEST
            } else {
                length.min(LONGEST)
            };
            // Room to spare, so that the text is never moved, which would leave a copy behind. Not
            // always for the longest: thousands of accounts have thousands of secrets.
            text.reserve_exact(usize::try_from(room).unwrap_or(0) + SPARE);
            file.take(LONGEST + 1).read_to_string(&mut text)
        });
        let problem = match read {
            Ok(length) if length as u64 > LONGEST => "is longer than 64KiB".to_owned(),
            Ok(_) => {
                // One line break, with or without a carriage return: more would be part of the secret.
                let end = text.strip_suffix('\n').map_or(text.len(), str::len);
                text.truncate(end);
                let end = text.strip_suffix('\r').map_or(text.len(), str::len);
                text.truncate(end);
                return Some(Secret::new(text));
            }
            Err(error) => format!("cannot be read: {error}"),
        };
        // Wrapped so that even what was read of a wrong file is wiped.
        drop(Secret::new(text));
        cx.mistake(
            place.clone(),
            format!("{}: the file {} {problem}", self.label, path.display()),
            "write the path of a file that holds the secret and nothing else",
        );
        None
    }

    fn in_place(&self, cx: &mut Context<'_>, place: &Place, text: &str) -> Option<Secret> {
        // Refused and not only noted: a secret that others can read is no secret.
        if !cx.private {
            cx.mistake(
                place.clone(),
                format!(
                    "{} stands in a file that others than its owner can read",
                    self.label
                ),
                "write { env = \"VARIABLE\" } or { file = \"path\" }, or restrict the \
                 configuration file with chmod 600",
            );
            return None;
        }
        Some(Secret::new(text.to_owned()))
    }

    fn usable(&self, cx: &mut Context<'_>, place: Place, secret: Secret) -> Option<At<Secret>> {
        let problem = if secret.expose().is_empty() {
            "is empty"
        // A line break inside would end a header field.
        } else if secret.expose().chars().any(char::is_control) {
            "holds a line break or another control character"
        } else {
            return Some(At {
                value: secret,
                place,
            });
        };
        cx.mistake(
            place,
            format!("{}: the secret {problem}", self.label),
            "store the secret as the carrier shows it, on one line",
        );
        None
    }
}
