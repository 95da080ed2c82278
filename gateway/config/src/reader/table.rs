//! Reads a table by the description of its keys and records every mistake instead of stopping at
//! the first.

use super::{
    context::{At, Context},
    wording::{nearest_fix, shortened, type_name},
};
use crate::{
    description::{Key, Kind, Preset, Section},
    error::Place,
};
use std::fmt::Display;
use toml_span::{
    Value,
    value::{Table as TomlTable, ValueInner},
};

/// One table of the file, or the absence of one.
pub(crate) struct Table<'t> {
    pub(crate) section: &'static Section,
    entries: Option<&'t TomlTable<'t>>,
    /// Where the table begins.
    pub(crate) place: Place,
    /// What it is called in messages.
    pub(crate) title: String,
}

/// What was written for a key: a value of the file, or the text of a variable.
pub(super) enum Written<'t> {
    Toml(&'t ValueInner<'t>),
    Variable(String),
}

impl<'t> Table<'t> {
    pub(crate) fn new(
        section: &'static Section,
        entries: Option<&'t TomlTable<'t>>,
        place: Place,
    ) -> Self {
        Self {
            section,
            entries,
            place,
            title: section.heading(),
        }
    }

    /// Whether the file has the table.
    pub(crate) const fn is_present(&self) -> bool {
        self.entries.is_some()
    }

    /// Whether the section is wanted: it stands in the file, or a variable overrides a key of it.
    pub(crate) fn is_given(&self, cx: &Context<'_>) -> bool {
        let mut keys = self.section.keys.iter();
        self.is_present() || keys.any(|key| self.is_overridden(cx, key))
    }

    /// Whether a variable stands for the key.
    pub(crate) fn is_overridden(&self, cx: &Context<'_>, key: &Key) -> bool {
        let variable = self.section.variable(key);
        let value = variable.and_then(|name| cx.variables.get(&name));
        // An empty variable counts as not set: that is how compose files and units unset one.
        value.is_some_and(|text| !text.is_empty())
    }

    /// The table that a key holds.
    pub(crate) fn inner(&self, cx: &mut Context<'_>, key: &Key) -> Option<Self> {
        let Kind::Inner(section, _) = key.kind else {
            return None;
        };
        let value = self.value(key)?;
        let place = cx.place(value.span);
        let ValueInner::Table(entries) = value.as_ref() else {
            self.refuse(cx, key, place, &type_name(value.as_ref()));
            return None;
        };
        let mut inner = Table::new(section, Some(entries), place);
        inner.title = self.label(key);
        inner.refuse_unknown(cx, &[]);
        Some(inner)
    }

    /// The value as it stands in the file.
    pub(crate) fn value(&self, key: &Key) -> Option<&'t Value<'t>> {
        self.entries?.get(key.name)
    }

    /// What a message calls the key.
    pub(crate) fn label(&self, key: &Key) -> String {
        format!("{} {}", self.title, key.name)
    }

    pub(super) fn written(&self, cx: &mut Context<'_>, key: &Key) -> Option<(Written<'t>, Place)> {
        // A variable wins over the file: containers set variables and share files. An empty one counts as
        // absent, because some tools cannot unset.
        if let Some(name) = self.section.variable(key)
            // Variables win over the file, so that one file serves several machines.
            && let Some(text) = cx.variables.get(&name).filter(|text| !text.is_empty())
        {
            return Some((Written::Variable(text), Place::Variable(name)));
        }
        let value = self.value(key);
        // Only if no variable stands for it.
        if value.is_none() && matches!(key.preset, Preset::Required) {
            cx.mistake(
                self.place.clone(),
                format!("{} has no {}", self.title, key.name),
                format!("write {} = {}", key.name, key.kind.form()),
            );
        }
        value.map(|value| (Written::Toml(value.as_ref()), cx.place(value.span)))
    }

    /// Says that a value has the wrong type or is out of range.
    pub(crate) fn refuse(&self, cx: &mut Context<'_>, key: &Key, place: Place, found: &str) {
        cx.mistake(
            place,
            format!("{} is {found}", self.label(key)),
            format!("write {}", key.kind.form()),
        );
    }

    pub(super) fn scalar<T>(
        &self,
        cx: &mut Context<'_>,
        key: &Key,
        read: impl FnOnce(&Written<'_>) -> Result<T, String>,
    ) -> Option<At<T>> {
        let (written, place) = self.written(cx, key)?;
        match read(&written) {
            Ok(value) => Some(At { value, place }),
            Err(found) => {
                self.refuse(cx, key, place, &found);
                None
            }
        }
    }

    pub(crate) fn bool(&self, cx: &mut Context<'_>, key: &Key) -> bool {
        let found = self.scalar(cx, key, |written| match written {
            Written::Toml(ValueInner::Boolean(value)) => Ok(*value),
            Written::Variable(text) => text.parse().map_err(|_| "neither true nor false".into()),
            Written::Toml(other) => Err(type_name(other)),
        });
        found.map_or(matches!(key.preset, Preset::Bool(true)), |at| at.value)
    }

    /// A text in the form that `parse` wants. Its error may quote the text: not for secrets.
    pub(crate) fn parsed<T, E: Display>(
        &self,
        cx: &mut Context<'_>,
        key: &Key,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Option<At<T>> {
        let (written, place) = match self.written(cx, key) {
            Some(found) => found,
            None => {
                let Preset::Text(text) = key.preset else {
                    return None;
                };
                // The preset goes through the same parser, so that it cannot differ from what may be written.
                (Written::Variable(text.into()), self.place.clone())
            }
        };
        let text = match written.text() {
            Ok(text) => text,
            Err(found) => {
                self.refuse(cx, key, place, &found);
                return None;
            }
        };
        match parse(text) {
            Ok(value) => Some(At { value, place }),
            Err(error) => {
                let message = format!("{}: {error}", self.label(key));
                cx.mistake(place, message, format!("write {}", key.kind.form()));
                None
            }
        }
    }

    /// Refuses keys that the section does not know.
    pub(crate) fn refuse_unknown(&self, cx: &mut Context<'_>, subsections: &[&'static str]) {
        let Some(entries) = self.entries else { return };
        let known: Vec<&str> = self
            .section
            .keys
            .iter()
            .map(|key| key.name)
            // Inner sections are keys of the table, too.
            .chain(subsections.iter().copied())
            .collect();
        for key in entries.keys() {
            if !known.contains(&key.name.as_ref()) {
                let message = format!("{} has no key {:?}", self.title, shortened(&key.name));
                cx.mistake(cx.place(key.span), message, nearest_fix(&key.name, &known));
            }
        }
    }
}

impl Written<'_> {
    pub(super) fn text(&self) -> Result<&str, String> {
        match self {
            Self::Variable(text) => Ok(text),
            Self::Toml(ValueInner::String(text)) => Ok(text),
            Self::Toml(other) => Err(type_name(other)),
        }
    }
}
