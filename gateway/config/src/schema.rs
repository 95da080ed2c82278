//! The reference in `docs/configuration.md` and the JSON schema, from the descriptions of the keys.

use crate::{
    description::{Key, Kind, Preset, Section},
    sections::SECTIONS,
};
use serde_json::{Map, Value, json};
use std::fmt::Write as _;

/// The JSON schema (2020-12) of the configuration, for editors and for tools that write one.
pub fn json_schema() -> Value {
    let mut properties = Map::new();
    for section in SECTIONS {
        match section.path.split_once('.') {
            None if section.repeated => {
                let items = json!({ "type": "array", "items": table(section) });
                properties.insert(section.path.into(), items);
            }
            None => {
                properties.insert(section.path.into(), table(section));
            }
            // Outer sections stand before their inner ones in the list.
            Some((outer, inner)) => properties[outer]["properties"][inner] = table(section),
        }
    }
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Waybill configuration",
        "type": "object",
        // Unknown keys are mistakes to the reader, so editors shall mark them.
        "additionalProperties": false,
        "properties": properties,
    })
}

/// The tables of `docs/configuration.md`.
pub fn reference() -> String {
    let mut text = String::new();
    for section in SECTIONS {
        // Writing to a `String` cannot fail.
        let _ = write!(text, "### `{}`\n\n{}\n\n", section.heading(), section.doc);
        text.push_str("| Key | Takes | Default | |\n|---|---|---|---|\n");
        for key in section.keys {
            let variable = section
                .variable(key)
                .map(|name| format!(" Override: `{name}`."))
                .unwrap_or_default();
            let _ = writeln!(
                text,
                "| `{}` | {} | {} | {}{variable} |",
                key.name,
                key.kind.form(),
                key.preset.text(),
                key.text()
            );
        }
        text.push('\n');
    }
    text
}

fn table(section: &Section) -> Value {
    let properties: Map<String, Value> = section
        .keys
        .iter()
        .map(|key| (key.name.to_owned(), property(key)))
        .collect();
    let required: Vec<&str> = section
        .keys
        .iter()
        .filter(|key| matches!(key.preset, Preset::Required))
        .map(|key| key.name)
        .collect();
    let mut table = json!({
        "type": "object",
        "description": section.doc,
        "additionalProperties": false,
        "properties": properties,
    });
    // A variable may stand for a required key of a section that is one table.
    if section.repeated && !required.is_empty() {
        table["required"] = json!(required);
    }
    table
}

fn property(key: &Key) -> Value {
    let mut property = match key.kind {
        Kind::Bool => json!({ "type": "boolean" }),
        Kind::Integer { min, max } => json!({ "type": "integer", "minimum": min, "maximum": max }),
        Kind::Fraction { min, max } => json!({ "type": "number", "minimum": min, "maximum": max }),
        Kind::Duration { .. } => {
            // A pattern knows no bounds; the reader checks them.
            json!({ "type": "string", "pattern": "^[0-9]+ *(ms|s|m|h|d)$" })
        }
        Kind::Size { min, max } => json!({ "anyOf": [
            { "type": "string", "pattern": "^[0-9]+ *(B|KiB|MiB|GiB)$" },
            { "type": "integer", "minimum": min, "maximum": max },
        ] }),
        Kind::Text(_) | Kind::Path(_) => json!({ "type": "string" }),
        Kind::OneOf(names) => json!({ "enum": names }),
        Kind::Texts(_) => texts(),
        Kind::Map { .. } => {
            json!({ "type": "object", "additionalProperties": { "type": "string" } })
        }
        Kind::MapOfTexts { .. } => json!({ "type": "object", "additionalProperties": texts() }),
        Kind::Settings(_) => json!({ "type": "object" }),
        Kind::Secret => secret(),
        Kind::Secrets => json!({ "type": "array", "minItems": 1, "items": secret() }),
        Kind::TextOrSecret(_) => json!({ "anyOf": [{ "type": "string" }, secret()] }),
        Kind::KeySource => key_source(),
        Kind::KeySources => json!({ "type": "array", "items": key_source() }),
        Kind::Inner(section, _) => table(section),
    };
    property["description"] = json!(key.text());
    match key.preset {
        Preset::Bool(value) => property["default"] = json!(value),
        Preset::Integer(value) => property["default"] = json!(value),
        Preset::Fraction(value) => property["default"] = json!(value),
        Preset::Text(value) => property["default"] = json!(value),
        Preset::Required | Preset::Unset(_) => {}
    }
    property
}

fn texts() -> Value {
    json!({ "anyOf": [
        { "type": "string" },
        { "type": "array", "items": { "type": "string" } },
    ] })
}

/// A table with that one key.
fn source(name: &str, value: &Value) -> Value {
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": [name],
        "properties": { name: value },
    })
}

fn secret() -> Value {
    let text = json!({ "type": "string" });
    json!({ "oneOf": [source("env", &text), source("file", &text), source("value", &text)] })
}

fn key_source() -> Value {
    let text = json!({ "type": "string" });
    let words = json!({ "type": "array", "minItems": 1, "items": text });
    json!({ "oneOf": [source("file", &text), source("env", &text), source("command", &words)] })
}
