//! Every setting with its value and where the value is from, for people. Secrets are left out.
//!
//! The file is walked by the descriptions of the sections, so a new key is listed without a word here.
//! Accounts and apps are not: they are in the store, which knows more of them than the file.

use crate::{
    description::{Effect, Key, Kind, Preset, Section},
    error::Place,
    reader::Context,
};
use std::fmt::Write as _;
use toml_span::{
    Value,
    value::{Table as TomlTable, ValueInner},
};

/// A setting, as people read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The section as a file opens it, `[limits]`; items of a list are numbered, `[[route]] 2`.
    pub section: String,
    /// The key.
    pub key: &'static str,
    /// The value as a file has it. For a secret it says only that there is one; without a value it is what
    /// that means.
    pub value: String,
    /// Whether the value is a secret.
    pub secret: bool,
    /// Where the value is from; `None`: it is the default.
    pub place: Option<Place>,
    /// Whether the file has another value by now, which only the next start takes.
    pub pending: bool,
    /// What the key is for.
    pub doc: &'static str,
    effect: Effect,
}

impl Setting {
    /// Whether a running gateway takes a new value only by a restart.
    pub fn needs_restart(&self) -> bool {
        self.effect == Effect::Restart
    }
}

/// The settings of a file, in the order of the reference.
pub(crate) fn settings(cx: &Context<'_>, root: Option<&TomlTable<'_>>) -> Vec<Setting> {
    let mut listed = Vec::new();
    for section in cx.sections {
        if LEFT_OUT.contains(&section.path) {
            continue;
        }
        if section.repeated {
            let items = root.and_then(|root| root.get(section.path)?.as_array());
            for (number, item) in (1..).zip(items.into_iter().flatten()) {
                let title = format!("{} {number}", section.heading());
                add(cx, section, &title, item.as_table(), &mut listed);
            }
            continue;
        }
        let table = table(root, section);
        // A section that is absent, and makes no sense without a key that somebody must write.
        let required = |key: &&Key| matches!(key.preset, Preset::Required);
        let given = |key: &&Key| variable(cx, section, key).is_some();
        let mut keys = section.keys.iter().copied();
        if table.is_none() && keys.clone().any(|key| required(&key)) && !keys.any(|key| given(&key))
        {
            continue;
        }
        add(cx, section, &section.heading(), table, &mut listed);
    }
    listed
}

/// What runs after a reload: a setting that needs a restart stays as it was.
pub(crate) fn without_restart(new: &mut [Setting], running: &[Setting]) {
    for setting in new.iter_mut().filter(|setting| setting.needs_restart()) {
        let same = |was: &&Setting| was.section == setting.section && was.key == setting.key;
        let Some(was) = running.iter().find(same) else {
            continue;
        };
        if was.value != setting.value {
            setting.value.clone_from(&was.value);
            setting.place.clone_from(&was.place);
            setting.pending = true;
        }
    }
}

/// There may be thousands of these, and the pages of accounts and apps show them.
const LEFT_OUT: [&str; 2] = ["account", "app"];

fn table<'t>(root: Option<&'t TomlTable<'t>>, section: &Section) -> Option<&'t TomlTable<'t>> {
    let mut table = root?;
    for segment in section.path.split('.') {
        table = table.get(segment)?.as_table()?;
    }
    Some(table)
}

fn variable(cx: &Context<'_>, section: &Section, key: &Key) -> Option<(String, String)> {
    let name = section.variable(key)?;
    let text = cx.variables.get(&name).filter(|text| !text.is_empty())?;
    Some((name, text))
}

fn add(
    cx: &Context<'_>,
    section: &Section,
    title: &str,
    table: Option<&TomlTable<'_>>,
    listed: &mut Vec<Setting>,
) {
    for key in section.keys {
        let in_file = table.and_then(|table| table.get(key.name));
        let (value, place) = match (variable(cx, section, key), in_file) {
            (Some((name, text)), _) => (of_variable(key.kind, &text), Some(Place::Variable(name))),
            (None, Some(value)) => (of_file(key.kind, value), Some(cx.place(value.span))),
            (None, None) => ((key.preset.text().replace('`', ""), false), None),
        };
        let (value, secret) = value;
        listed.push(Setting {
            section: title.to_owned(),
            key: key.name,
            value,
            secret,
            place,
            pending: false,
            doc: key.doc,
            effect: key.effect,
        });
    }
}

/// The text of a variable, and whether it is a secret.
fn of_variable(kind: Kind, text: &str) -> (String, bool) {
    if may_be_secret(kind, text) {
        return ("set".to_owned(), true);
    }
    let bare = text.parse::<f64>().is_ok() || text.parse::<bool>().is_ok();
    let value = if bare { text.to_owned() } else { quoted(text) };
    (value, false)
}

/// The text of a value of the file, and whether it is a secret.
fn of_file(kind: Kind, value: &Value<'_>) -> (String, bool) {
    if let Some(text) = value.as_str() {
        let secret = may_be_secret(kind, text);
        return (
            if secret {
                "set".to_owned()
            } else {
                quoted(text)
            },
            secret,
        );
    }
    match kind {
        Kind::Secret
        | Kind::Secrets
        | Kind::TextOrSecret(_)
        | Kind::KeySource
        | Kind::KeySources => (source(value), true),
        Kind::Bool
        | Kind::Integer { .. }
        | Kind::Fraction { .. }
        | Kind::Duration { .. }
        | Kind::Size { .. }
        | Kind::Text(_)
        | Kind::Path(_)
        | Kind::OneOf(_)
        | Kind::Texts(_)
        | Kind::Map { .. }
        | Kind::MapOfTexts { .. } => (written(value), false),
        // A plugin names these, so nothing here knows which of them are secrets.
        Kind::Settings(_) | Kind::Inner(..) => ("set".to_owned(), true),
    }
}

/// Whether a text may contain a secret: it is one by its kind, or a URL with a part that often has one.
fn may_be_secret(kind: Kind, text: &str) -> bool {
    match kind {
        Kind::Secret
        | Kind::Secrets
        | Kind::Settings(_)
        | Kind::KeySource
        | Kind::KeySources
        | Kind::Inner(..) => true,
        // Webhooks have secrets in their paths, databases in their user names and parameters.
        Kind::TextOrSecret(_) => text.starts_with("http") || text.contains(['@', '?', '=', ' ']),
        Kind::Text(_) | Kind::Texts(_) | Kind::Map { .. } | Kind::MapOfTexts { .. } => {
            text.contains("://") && text.contains('@')
        }
        Kind::Bool
        | Kind::Integer { .. }
        | Kind::Fraction { .. }
        | Kind::Duration { .. }
        | Kind::Size { .. }
        | Kind::Path(_)
        | Kind::OneOf(_) => false,
    }
}

/// Where a secret comes from: `set, from { env = "NAME" }`.
fn source(value: &Value<'_>) -> String {
    let named = |value: &Value<'_>| {
        let table = value.as_table()?;
        let of = |name| {
            Some(format!(
                "{{ {name} = {} }}",
                quoted(table.get(name)?.as_str()?)
            ))
        };
        // Not `value` and not `command`: the text or an argument is the secret.
        of("env").or_else(|| of("file"))
    };
    let sources: Vec<String> = match value.as_array() {
        Some(items) => items.iter().filter_map(named).collect(),
        None => named(value).into_iter().collect(),
    };
    if sources.is_empty() {
        "set".to_owned()
    } else {
        format!("set, from {}", sources.join(" and "))
    }
}

/// A value as TOML.
fn written(value: &Value<'_>) -> String {
    match value.as_ref() {
        ValueInner::String(text) => quoted(text),
        ValueInner::Integer(number) => number.to_string(),
        ValueInner::Float(number) => number.to_string(),
        ValueInner::Boolean(is) => is.to_string(),
        ValueInner::Array(items) => {
            let items: Vec<String> = items.iter().map(written).collect();
            format!("[{}]", items.join(", "))
        }
        ValueInner::Table(entries) => {
            let entry = |(key, value): (&toml_span::value::Key<'_>, &Value<'_>)| {
                format!("{} = {}", key.name, written(value))
            };
            let entries: Vec<String> = entries.iter().map(entry).collect();
            format!("{{ {} }}", entries.join(", "))
        }
    }
}

/// A TOML string.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            // Writing to a `String` cannot fail.
            c if c.is_control() => drop(write!(quoted, "\\u{:04X}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}
