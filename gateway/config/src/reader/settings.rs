//! A table whose keys a carrier's plugin defines. Here only their form is checked.

use super::{
    context::Context,
    secret::{SecretPlace, is_secret},
    table::Table,
    wording::{shortened, type_name},
};
use crate::{
    description::{Key, Kind},
    error::Place,
};
use gateway_model::{Secret, SettingName};
use serde_json::{Map, Number, Value as Json};
use std::collections::BTreeMap;
use toml_span::{Value, value::ValueInner};

/// Deeper than any setting that a plugin needs.
const MAX_DEPTH: usize = 8;

/// Settings as far as they could be read.
#[derive(Default)]
pub(crate) struct Settings {
    pub(crate) plain: BTreeMap<SettingName, Json>,
    pub(crate) secret: BTreeMap<SettingName, Secret>,
    /// Where each value was written.
    pub(crate) places: BTreeMap<String, Place>,
}

impl Table<'_> {
    /// A table of settings: any values, and secrets in their usual form.
    pub(crate) fn settings(&self, cx: &mut Context<'_>, key: &Key) -> Settings {
        let mut settings = Settings::default();
        let Some(value) = self.value(key) else {
            return settings;
        };
        let ValueInner::Table(entries) = value.as_ref() else {
            self.refuse(cx, key, cx.place(value.span), &type_name(value.as_ref()));
            return settings;
        };
        for (written, value) in entries {
            let name: SettingName = match written.name.parse() {
                Ok(name) => name,
                Err(error) => {
                    let message = format!("{}: {error}", self.label(key));
                    let fix = format!("rename or remove {:?}", shortened(&written.name));
                    cx.mistake(cx.place(written.span), message, fix);
                    continue;
                }
            };
            let place = cx.place(value.span);
            settings.places.insert(name.to_string(), place.clone());
            let label = format!("{} {name}", self.label(key));
            if is_secret(value.as_ref()) {
                let form = Kind::Secret.form();
                let secret = SecretPlace { label, form }.read(cx, value);
                settings.secret.extend(secret.map(|at| (name, at.value)));
            } else if let Some(json) = json(value, MAX_DEPTH) {
                settings.plain.insert(name, json);
            } else {
                let message = format!("{label} is a number that JSON has not, or too deep");
                cx.mistake(
                    place,
                    message,
                    "write a text, a number, true, false or a list",
                );
            }
        }
        settings
    }
}

/// The value as the plugin reads it.
fn json(value: &Value<'_>, depth: usize) -> Option<Json> {
    let deeper = depth.checked_sub(1)?;
    Some(match value.as_ref() {
        ValueInner::String(text) => Json::String(text.to_string()),
        ValueInner::Integer(number) => Json::Number((*number).into()),
        // Infinity and "not a number" have no JSON.
        ValueInner::Float(number) => Json::Number(Number::from_f64(*number)?),
        ValueInner::Boolean(is) => Json::Bool(*is),
        ValueInner::Array(items) => {
            let items = items.iter().map(|item| json(item, deeper));
            Json::Array(items.collect::<Option<_>>()?)
        }
        ValueInner::Table(entries) => {
            let entries = entries
                .iter()
                .map(|(name, value)| Some((name.name.to_string(), json(value, deeper)?)));
            Json::Object(entries.collect::<Option<Map<_, _>>>()?)
        }
    })
}
