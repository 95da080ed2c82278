//! Where a master key comes from.

use super::{
    context::Context,
    table::Table,
    wording::{nearest_fix, shortened, type_name},
};
use crate::{description::Key, error::Place};
use gateway_model::MasterKeySource;
use toml_span::{Value, value::ValueInner};

const SOURCES: [&str; 3] = ["file", "env", "command"];

impl Table<'_> {
    /// `{ file = … }`, `{ env = … }` or `{ command = […] }`.
    pub(crate) fn key_source(&self, cx: &mut Context<'_>, key: &Key) -> Option<MasterKeySource> {
        self.key_source_of(cx, key, self.value(key)?)
    }

    /// A list of key sources.
    pub(crate) fn key_sources(&self, cx: &mut Context<'_>, key: &Key) -> Vec<MasterKeySource> {
        let Some(value) = self.value(key) else {
            return Vec::new();
        };
        let ValueInner::Array(items) = value.as_ref() else {
            self.refuse(cx, key, cx.place(value.span), &type_name(value.as_ref()));
            return Vec::new();
        };
        items
            .iter()
            .filter_map(|item| self.key_source_of(cx, key, item))
            .collect()
    }

    fn key_source_of(
        &self,
        cx: &mut Context<'_>,
        key: &Key,
        value: &Value<'_>,
    ) -> Option<MasterKeySource> {
        let place = cx.place(value.span);
        let ValueInner::Table(entries) = value.as_ref() else {
            self.refuse(cx, key, place, &type_name(value.as_ref()));
            return None;
        };
        let mut entries = entries.iter();
        // Exactly one: with two sources nobody could tell which key seals the store.
        let (Some((name, value)), None) = (entries.next(), entries.next()) else {
            self.refuse(cx, key, place, "not exactly one source of a key");
            return None;
        };
        let at = cx.place(value.span);
        match (name.name.as_ref(), value.as_ref()) {
            // Only the path is kept: the store reads keys itself, and may make a missing file.
            ("file", ValueInner::String(path)) if !path.is_empty() => {
                Some(MasterKeySource::File(cx.folder.join(path.as_ref())))
            }
            ("env", ValueInner::String(variable)) => self.key_variable(cx, key, at, variable),
            ("command", ValueInner::Array(words)) => self.key_command(cx, key, at, words),
            ("file" | "env" | "command", other) => {
                let found = match (name.name.as_ref(), other) {
                    ("file", ValueInner::String(_)) => "empty".to_owned(),
                    (_, other) => type_name(other),
                };
                let message = format!("{} {} is {found}", self.label(key), name.name);
                cx.mistake(at, message, format!("write {}", key.kind.form()));
                None
            }
            (unknown, _) => {
                let message = format!("{} has no key {:?}", self.label(key), shortened(unknown));
                cx.mistake(cx.place(name.span), message, nearest_fix(unknown, &SOURCES));
                None
            }
        }
    }

    fn key_variable(
        &self,
        cx: &mut Context<'_>,
        key: &Key,
        place: Place,
        name: &str,
    ) -> Option<MasterKeySource> {
        // Looked up now, so that the mistake is told with its line and not at the first use.
        if cx.variables.get(name).is_none() {
            let message = format!(
                "{}: the environment variable {:?} is not set",
                self.label(key),
                shortened(name)
            );
            let fix = "set it where the gateway is started, or name another variable";
            cx.mistake(place, message, fix);
            return None;
        }
        Some(MasterKeySource::Env(name.to_owned()))
    }

    fn key_command(
        &self,
        cx: &mut Context<'_>,
        key: &Key,
        place: Place,
        words: &[Value<'_>],
    ) -> Option<MasterKeySource> {
        let texts: Option<Vec<String>> = words.iter().map(|w| w.as_str().map(Into::into)).collect();
        match texts {
            // A list and no shell line: nothing in it is expanded.
            Some(texts) if texts.first().is_some_and(|program| !program.is_empty()) => {
                Some(MasterKeySource::Command(texts))
            }
            Some(_) | None => {
                let message = format!(
                    "{} command is not a program and its arguments",
                    self.label(key)
                );
                cx.mistake(place, message, format!("write {}", key.kind.form()));
                None
            }
        }
    }
}
