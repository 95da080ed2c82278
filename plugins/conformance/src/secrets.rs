//! Finds what no message may contain.

use serde_json::Value;

/// Shorter texts occur by chance.
const MIN_LEN: usize = 4;
/// A key with one of these in its name holds a secret.
const SECRET_KEYS: [&str; 5] = ["secret", "password", "token", "key", "credential"];

/// The secrets of a configuration, and those that the suite's answers plant.
#[derive(Clone)]
pub(crate) struct Secrets(Vec<String>);

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secrets(..)")
    }
}

impl Secrets {
    /// By the schema's `writeOnly`, and by the names of keys.
    pub(crate) fn of(config: &Value, schema: Option<&Value>) -> Self {
        let mut found = vec![crate::cases::PLANTED.to_owned()];
        if let Value::Object(members) = config {
            for (key, value) in members {
                // By name as well: a plugin may have no schema, or forget to mark a key in it.
                let named = SECRET_KEYS
                    .iter()
                    .any(|part| key.to_lowercase().contains(part));
                if named || is_write_only(schema, key) {
                    texts(value, &mut found);
                }
            }
        }
        // A short text would be found by chance, and a plugin blamed for it.
        found.retain(|text| text.len() >= MIN_LEN);
        Self(found)
    }

    /// These as well.
    pub(crate) fn with<const N: usize>(mut self, more: [&str; N]) -> Self {
        self.0.extend(more.map(str::to_owned));
        self
    }

    /// A text without them.
    pub(crate) fn hidden(&self, text: &str) -> String {
        let hide = |text: String, secret: &String| text.replace(secret, "[secret]");
        self.0.iter().fold(text.to_owned(), hide)
    }

    /// Whether a text tells one.
    pub(crate) fn are_in(&self, text: &str) -> bool {
        self.0.iter().any(|secret| text.contains(secret.as_str()))
    }
}

fn is_write_only(schema: Option<&Value>, key: &str) -> bool {
    let property = schema.and_then(|schema| schema.get("properties")?.get(key));
    let write_only = property.and_then(|property| property.get("writeOnly")?.as_bool());
    write_only == Some(true)
}

fn texts(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| texts(item, found)),
        Value::Object(members) => members.values().for_each(|item| texts(item, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
