//! The facts of an audit entry, as a person reads them.

use serde_json::Value;

/// The facts that say something: name and value.
pub(super) fn facts(detail: &Value) -> Vec<(String, String)> {
    let Some(facts) = detail.as_object() else {
        return Vec::new();
    };
    let said = facts.iter().filter(|(_, value)| !is_nothing(value));
    said.map(|(name, value)| (name.replace('_', " "), text(value)))
        .collect()
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => "none".to_owned(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(text).collect();
            items.join(", ")
        }
        Value::Object(members) => {
            let members = members.iter();
            let members: Vec<String> = members
                .map(|(name, value)| format!("{name}: {}", text(value)))
                .collect();
            members.join(", ")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn facts_are_words_and_leave_out_what_says_nothing() {
        let detail = json!({
            "numbers": ["A1B2C3", "D4E5F6"], "client_id": null, "active": false, "settings": {},
            "client_secrets": 1, "rate": {"burst": 5},
        });
        let expected = [
            ("active", "no"),
            ("client secrets", "1"),
            ("numbers", "A1B2C3, D4E5F6"),
            ("rate", "burst: 5"),
        ];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(facts(&detail), expected);
        assert_eq!(facts(&json!({})), []);
    }
}
