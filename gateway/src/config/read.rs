//! Reads tables by their description and notes every mistake instead of stopping at the first.

mod number;

use super::{
    error::{Mistake, Note, Place},
    key::{Key, Kind, Preset, Section},
    source::Variables,
};
use std::{collections::BTreeMap, fmt::Display, path::Path};
use toml_span::{
    Span, Value,
    value::{Table as TomlTable, ValueInner},
};

/// What is known of the world while one configuration is read, and what was found wrong so far.
pub(super) struct Context<'c> {
    pub(super) text: &'c str,
    pub(super) variables: &'c dyn Variables,
    /// The folder of the configuration file: relative paths start here.
    pub(super) folder: &'c Path,
    /// Nobody but its owner can read the configuration file.
    pub(super) private: bool,
    pub(super) mistakes: Vec<Mistake>,
    pub(super) notes: Vec<Note>,
}

/// A value and where it was written.
#[derive(Clone, Debug)]
pub(super) struct At<T> {
    pub(super) value: T,
    pub(super) place: Place,
}

/// One table of the file, or the absence of one.
pub(super) struct Table<'t> {
    pub(super) section: &'static Section,
    entries: Option<&'t TomlTable<'t>>,
    /// Where the table begins.
    pub(super) place: Place,
    /// What it is called in messages.
    pub(super) title: String,
}

/// What stands for a key.
enum Raw<'t> {
    Toml(&'t ValueInner<'t>),
    Variable(String),
}

impl Context<'_> {
    pub(super) fn place(&self, span: Span) -> Place {
        let before = self.text.get(..span.start).unwrap_or(self.text);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Place::At {
            line: count(before.matches('\n').count() + 1),
            column: count(before[line_start..].chars().count() + 1),
        }
    }

    pub(super) fn mistake(
        &mut self,
        place: Place,
        message: impl Into<String>,
        fix: impl Into<String>,
    ) {
        self.mistakes.push(Mistake {
            place,
            message: message.into(),
            fix: fix.into(),
        });
    }

    pub(super) fn note(&mut self, place: Place, message: impl Into<String>) {
        self.notes.push(Note {
            place,
            message: message.into(),
        });
    }
}

impl<'t> Table<'t> {
    pub(super) fn new(
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
    pub(super) const fn is_present(&self) -> bool {
        self.entries.is_some()
    }

    /// Whether the section is wanted: it stands in the file, or a variable overrides a key of it.
    pub(super) fn is_given(&self, cx: &Context<'_>) -> bool {
        let mut keys = self.section.keys.iter();
        self.is_present() || keys.any(|key| self.is_overridden(cx, key))
    }

    /// Whether a variable stands for the key.
    pub(super) fn is_overridden(&self, cx: &Context<'_>, key: &Key) -> bool {
        let variable = self.section.variable(key);
        let value = variable.and_then(|name| cx.variables.get(&name));
        value.is_some_and(|text| !text.is_empty())
    }

    /// The table that a key holds.
    pub(super) fn inner(&self, cx: &mut Context<'_>, key: &Key) -> Option<Self> {
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
    pub(super) fn value(&self, key: &Key) -> Option<&'t Value<'t>> {
        self.entries?.get(key.name)
    }

    /// What a message calls the key.
    pub(super) fn label(&self, key: &Key) -> String {
        format!("{} {}", self.title, key.name)
    }

    fn raw(&self, cx: &mut Context<'_>, key: &Key) -> Option<(Raw<'t>, Place)> {
        if let Some(name) = self.section.variable(key)
            && let Some(text) = cx.variables.get(&name).filter(|text| !text.is_empty())
        {
            return Some((Raw::Variable(text), Place::Variable(name)));
        }
        let value = self.value(key);
        if value.is_none() && matches!(key.preset, Preset::Required) {
            cx.mistake(
                self.place.clone(),
                format!("{} has no {}", self.title, key.name),
                format!("write {} = {}", key.name, key.kind.form()),
            );
        }
        value.map(|value| (Raw::Toml(value.as_ref()), cx.place(value.span)))
    }

    /// Says that a value has the wrong type or is out of range.
    pub(super) fn refuse(&self, cx: &mut Context<'_>, key: &Key, place: Place, found: &str) {
        cx.mistake(
            place,
            format!("{} is {found}", self.label(key)),
            format!("write {}", key.kind.form()),
        );
    }

    fn scalar<T>(
        &self,
        cx: &mut Context<'_>,
        key: &Key,
        read: impl FnOnce(&Raw<'_>) -> Result<T, String>,
    ) -> Option<At<T>> {
        let (raw, place) = self.raw(cx, key)?;
        match read(&raw) {
            Ok(value) => Some(At { value, place }),
            Err(found) => {
                self.refuse(cx, key, place, &found);
                None
            }
        }
    }

    pub(super) fn bool(&self, cx: &mut Context<'_>, key: &Key) -> bool {
        let found = self.scalar(cx, key, |raw| match raw {
            Raw::Toml(ValueInner::Boolean(value)) => Ok(*value),
            Raw::Variable(text) => text.parse().map_err(|_| "neither true nor false".into()),
            Raw::Toml(other) => Err(type_name(other)),
        });
        found.map_or(matches!(key.preset, Preset::Bool(true)), |at| at.value)
    }

    /// A text in the form that `parse` wants. Its error may quote the text: not for secrets.
    pub(super) fn parsed<T, E: Display>(
        &self,
        cx: &mut Context<'_>,
        key: &Key,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Option<At<T>> {
        let (raw, place) = match self.raw(cx, key) {
            Some(found) => found,
            None => {
                let Preset::Text(text) = key.preset else {
                    return None;
                };
                (Raw::Variable(text.into()), self.place.clone())
            }
        };
        let text = match raw.text() {
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

    /// One text or a list of texts; `None` when the key is absent or is not that.
    pub(super) fn texts(&self, cx: &mut Context<'_>, key: &Key) -> Option<Vec<At<String>>> {
        let (raw, place) = match (self.raw(cx, key), key.preset) {
            (Some(found), _) => found,
            (None, Preset::Text(text)) => (Raw::Variable(text.into()), self.place.clone()),
            (None, _) => return None,
        };
        match raw {
            Raw::Variable(text) => Some(
                text.split(',')
                    .map(str::trim)
                    .filter(|item| !item.is_empty())
                    .map(|item| At {
                        value: item.to_owned(),
                        place: place.clone(),
                    })
                    .collect(),
            ),
            Raw::Toml(inner) => self.texts_of(cx, key, inner, place),
        }
    }

    /// As [`Table::texts`], of a key that makes no sense without any text.
    pub(super) fn texts_not_empty(
        &self,
        cx: &mut Context<'_>,
        key: &Key,
    ) -> Option<Vec<At<String>>> {
        let before = cx.mistakes.len();
        let texts = self.texts(cx, key)?;
        // A list whose items were refused is not empty.
        if texts.is_empty() && cx.mistakes.len() == before {
            let place = self
                .value(key)
                .map_or_else(|| self.place.clone(), |value| cx.place(value.span));
            self.refuse(cx, key, place, "empty");
        }
        Some(texts)
    }

    fn texts_of(
        &self,
        cx: &mut Context<'_>,
        key: &Key,
        inner: &ValueInner<'_>,
        place: Place,
    ) -> Option<Vec<At<String>>> {
        if let ValueInner::String(text) = inner {
            let value = text.clone().into_owned();
            return Some(vec![At { value, place }]);
        }
        let ValueInner::Array(items) = inner else {
            self.refuse(cx, key, place, &type_name(inner));
            return None;
        };
        let mut texts = Vec::new();
        for item in items {
            let place = cx.place(item.span);
            if let ValueInner::String(text) = item.as_ref() {
                let value = text.clone().into_owned();
                texts.push(At { value, place });
            } else {
                let found = format!("a list with {} in it", type_name(item.as_ref()));
                self.refuse(cx, key, place, &found);
            }
        }
        Some(texts)
    }

    /// A table of names that the operator chose, each with one text or a list.
    pub(super) fn map(
        &self,
        cx: &mut Context<'_>,
        key: &Key,
    ) -> BTreeMap<String, (Place, Vec<At<String>>)> {
        let mut map = BTreeMap::new();
        let Some(value) = self.value(key) else {
            return map;
        };
        let place = cx.place(value.span);
        let ValueInner::Table(entries) = value.as_ref() else {
            self.refuse(cx, key, place, &type_name(value.as_ref()));
            return map;
        };
        for (name, value) in entries {
            let place = cx.place(value.span);
            if let Some(texts) = self.texts_of(cx, key, value.as_ref(), place) {
                map.insert(name.name.to_string(), (cx.place(name.span), texts));
            }
        }
        map
    }

    /// Refuses keys that the section does not know.
    pub(super) fn refuse_unknown(&self, cx: &mut Context<'_>, subsections: &[&'static str]) {
        let Some(entries) = self.entries else { return };
        let known: Vec<&str> = self
            .section
            .keys
            .iter()
            .map(|key| key.name)
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

impl Raw<'_> {
    fn text(&self) -> Result<&str, String> {
        match self {
            Self::Variable(text) => Ok(text),
            Self::Toml(ValueInner::String(text)) => Ok(text),
            Self::Toml(other) => Err(type_name(other)),
        }
    }
}

/// `a list`, for "… is a list; write …".
pub(super) fn type_name(value: &ValueInner<'_>) -> String {
    match value {
        ValueInner::String(_) => "a text",
        ValueInner::Integer(_) => "a whole number",
        ValueInner::Float(_) => "a number with a fraction",
        ValueInner::Boolean(_) => "true or false",
        ValueInner::Array(_) => "a list",
        ValueInner::Table(_) => "a table",
    }
    .into()
}

/// Keeps a hostile name from flooding the screen.
pub(super) fn shortened(text: &str) -> String {
    text.chars().take(64).collect()
}

/// The known name that was probably meant.
pub(super) fn nearest<'k>(name: &str, known: &[&'k str]) -> Option<&'k str> {
    let name = shortened(name).to_lowercase();
    let near = |candidate: &str| {
        let distance = strsim::osa_distance(&name, candidate);
        (distance <= 1 + candidate.len() / 4).then_some(distance)
    };
    known
        .iter()
        .filter_map(|candidate| Some((near(candidate)?, *candidate)))
        .min()
        .map(|(_, candidate)| candidate)
}

pub(super) fn nearest_fix(name: &str, known: &[&str]) -> String {
    nearest(name, known).map_or_else(
        || {
            if known.is_empty() {
                "remove it".to_owned()
            } else {
                format!("write one of {}", known.join(", "))
            }
        },
        |candidate| format!("write {candidate}"),
    )
}
