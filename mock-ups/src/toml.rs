//! Reads TOML files (data, scenarios) into plain types.

use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use toml_span::value::ValueInner;

/// A file that is not what it should be.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unreadable {
    /// The file cannot be read.
    #[error("{path}: {source}", path = .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not TOML, or has a key or value that does not belong there.
    #[error("{path}: {reason}", path = .path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong, with the line where the parser knows it.
        reason: String,
    },
}

pub(crate) fn read<T: DeserializeOwned>(path: &Path) -> Result<T, Unreadable> {
    let text = std::fs::read_to_string(path).map_err(|source| Unreadable::File {
        path: path.to_owned(),
        source,
    })?;
    parse(&text).map_err(|reason| Unreadable::Content {
        path: path.to_owned(),
        reason,
    })
}

/// Parses TOML text; the error says what is wrong.
pub(crate) fn parse<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    let value = toml_span::parse(text).map_err(|error| {
        let line = text
            // Counted only for the error; the parser gives a position in bytes.
            .get(..error.span.start)
            .map_or(0, |before| before.lines().count());
        format!("line {}: {error}", line.max(1))
    })?;
    // By way of JSON, so that one set of types serves files and the control API.
    serde_json::from_value(to_json(value)).map_err(|error| error.to_string())
}

fn to_json(mut value: toml_span::Value<'_>) -> Value {
    match value.take() {
        ValueInner::String(text) => Value::String(text.into_owned()),
        ValueInner::Integer(number) => Value::from(number),
        ValueInner::Float(number) => Value::from(number),
        ValueInner::Boolean(flag) => Value::Bool(flag),
        ValueInner::Array(items) => Value::Array(items.into_iter().map(to_json).collect()),
        ValueInner::Table(table) => {
            let members = table
                .into_iter()
                .map(|(key, value)| (key.name.into_owned(), to_json(value)));
            Value::Object(members.collect::<Map<_, _>>())
        }
    }
}
