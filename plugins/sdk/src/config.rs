//! An instance's configuration, from JSON; its errors never show a value.

use crate::{Class, Error, Result};
use serde::de::DeserializeOwned;

/// Parses the configuration. A value may be a secret in the wrong place, so an error names the key
/// and what is wrong with it, and drops what serde quotes of the value.
pub(crate) fn parse<T: DeserializeOwned>(json: &[u8]) -> Result<T> {
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    let parsed = serde_path_to_error::deserialize(&mut deserializer);
    let parsed = parsed.map_err(|error| {
        let path = error.path().to_string();
        let inner = error.into_inner();
        if !inner.is_data() {
            return Error::new(
                Class::Config,
                "config",
                "the plugin's configuration is no JSON",
            );
        }
        let fault = fault(&inner.to_string());
        let message = if path == "." {
            fault
        } else {
            format!("{path}: {fault}")
        };
        Error::new(Class::Config, "config", message)
    })?;
    deserializer.end().map_err(|_| {
        Error::new(
            Class::Config,
            "config",
            "text follows the configuration's JSON",
        )
    })?;
    Ok(parsed)
}

/// What serde says without the value it quotes.
fn fault(text: &str) -> String {
    // These quote keys, not values.
    let of_keys = ["missing field `", "unknown field `", "duplicate field `"];
    if of_keys.iter().any(|start| text.starts_with(start)) {
        let position = text.rfind(" at line ").unwrap_or(text.len());
        return text[..position].to_owned();
    }
    let position = text.rfind(" at line ").unwrap_or(text.len());
    match text[..position].rsplit_once(", expected ") {
        Some((_, expected)) => format!("expected {expected}"),
        None => "the value does not fit".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Secret;

    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Config {
        client_id: String,
        client_secret: Secret,
        environment: Environment,
    }

    #[derive(serde::Deserialize, Debug, PartialEq)]
    #[serde(rename_all = "lowercase")]
    enum Environment {
        Test,
    }

    fn message(json: &str) -> String {
        let Err(error) = parse::<Config>(json.as_bytes()) else {
            return "accepted".to_owned();
        };
        assert_eq!(error.class(), Class::Config);
        error.message().to_owned()
    }

    #[test]
    fn config_complete_is_parsed() {
        let json = br#"{"client_id":"i","client_secret":"s","environment":"test"}"#;
        let config: Config = parse(json).unwrap();
        assert_eq!(config.client_id, "i");
        assert_eq!(config.client_secret.expose(), "s");
        assert_eq!(config.environment, Environment::Test);
    }

    #[test]
    fn config_mistakes_are_named_without_the_value() {
        let secret = "hunter2";
        let cases = [
            (
                r#"{"client_id":"i"}"#.to_owned(),
                "missing field `client_secret`",
            ),
            (
                format!(r#"{{"client_secret":["{secret}"]}}"#),
                "client_secret: expected a string",
            ),
            (
                format!(r#"{{"client_id":"i","environment":"{secret}"}}"#),
                "environment: expected `test`",
            ),
            (
                r#"{"origins":1}"#.to_owned(),
                "unknown field `origins`, expected one of",
            ),
            (
                format!(r#"{{"client_secret":"{secret}"#),
                "the plugin's configuration is no JSON",
            ),
            (String::new(), "the plugin's configuration is no JSON"),
            (
                format!(r#"{{"client_id":"i","client_secret":"s","environment":"test"}} {secret}"#),
                "text follows",
            ),
        ];
        for (json, expected) in cases {
            let message = message(&json);
            assert!(message.contains(expected), "{json}: {message}");
            assert!(!message.contains(secret), "{json}: {message}");
        }
    }
}
