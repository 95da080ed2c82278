//! What a plugin's schema says about the settings of an account, and about a mistake in them.

use gateway_api::{CarrierSetting, SettingKind};
use gateway_model::{Failure, FailureClass, SettingName};
use gateway_plugin_host::Plugin;
use gateway_store::AccountRecord;
use serde_json::{Map, Value};

/// Refuses settings that the plugin does not know, and secrets that are not kept as secrets. A plugin that
/// describes no settings is left to judge alone.
pub(crate) fn check(record: &AccountRecord, plugin: &Plugin) -> Result<(), Failure> {
    let Some(properties) = properties(plugin) else {
        return Ok(());
    };
    for name in record.settings.keys().chain(record.secret_settings.keys()) {
        // A plugin ignores what it does not know, so a misspelt setting would do nothing without a word.
        if !properties.contains_key(name.as_str()) {
            let known = known(properties);
            let plugin = &plugin.manifest().name;
            let message = format!("{name}: the plugin {plugin} has no such setting; {known}");
            return Err(refused(name.as_str(), message));
        }
    }
    for name in record.settings.keys() {
        let secret = properties
            .get(name.as_str())
            .and_then(|property| property.get("writeOnly"));
        if secret == Some(&Value::Bool(true)) {
            let message = format!(
                "{name}: it is a secret, so write {{ env = \"VARIABLE\" }}, {{ file = \"path\" }} or \
                 {{ value = \"…\" }} in the configuration, or use --secret-setting"
            );
            return Err(refused(name.as_str(), message));
        }
    }
    Ok(())
}

/// The refusal of a configuration, with the name that the carrier has for the key at fault.
pub(crate) fn explained(mut failure: Failure, plugin: &Plugin) -> Failure {
    if failure.class != FailureClass::Config {
        return failure;
    }
    let title = key_at_fault(&failure).and_then(|key| {
        let title = properties(plugin)?.get(key)?.get("title")?.as_str()?;
        Some((key.to_owned(), title.to_owned()))
    });
    // The plugin's own message may say it already.
    if let Some((key, title)) = title.filter(|(_, title)| !failure.message.contains(title)) {
        let carrier = &plugin.profile().display_name;
        let message = format!("{}; {carrier} calls {key} {title:?}", failure.message);
        failure.message = message;
    }
    failure
}

/// The key of the configuration that a plugin's refusal names: as its code, or at the beginning of its
/// message, as the plugin SDK writes it.
pub fn key_at_fault(failure: &Failure) -> Option<&str> {
    let key = match failure.code.as_str() {
        "config" => {
            let message = failure.message.as_str();
            let missing = message.strip_prefix("missing field `");
            let missing = missing.and_then(|rest| rest.split('`').next());
            // Of a path such as `fields.x` the first part is the key.
            missing.or_else(|| message.split([':', '.', '[']).next())?
        }
        code => code,
    };
    let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    (!key.is_empty() && key.bytes().all(fits)).then_some(key)
}

fn properties(plugin: &Plugin) -> Option<&Map<String, Value>> {
    let schema = plugin.manifest().config_schema.as_ref()?;
    schema.get("properties")?.as_object()
}

/// The settings that a plugin defines for an account, in the order of their names.
pub(crate) fn described(plugin: &Plugin) -> Vec<CarrierSetting> {
    let schema = plugin.manifest().config_schema.as_ref();
    let required = schema.and_then(|schema| schema.get("required")?.as_array());
    let required = |name: &str| required.is_some_and(|all| all.iter().any(|it| it == name));
    let properties = properties(plugin).into_iter().flatten();
    let settings = properties.filter_map(|(name, property)| {
        // The others are keys of the account itself.
        let setting: SettingName = name.parse().ok()?;
        Some(describe(setting, property, required(name)))
    });
    settings.collect()
}

fn describe(name: SettingName, property: &Value, required: bool) -> CarrierSetting {
    let text = |key: &str| Some(property.get(key)?.as_str()?.to_owned());
    let choices = property.get("enum").and_then(Value::as_array);
    let choices = choices.into_iter().flatten();
    CarrierSetting {
        name,
        title: text("title"),
        description: text("description"),
        secret: property.get("writeOnly") == Some(&Value::Bool(true)),
        required,
        kind: kind_of(property),
        choices: choices
            .filter_map(|it| Some(it.as_str()?.to_owned()))
            .collect(),
        default: property.get("default").cloned(),
    }
}

fn kind_of(property: &Value) -> SettingKind {
    let kind = property.get("type");
    match kind.and_then(Value::as_str) {
        Some("string") => SettingKind::Text,
        Some("integer" | "number") => SettingKind::Number,
        Some("boolean") => SettingKind::Boolean,
        // An enum of texts needs no type.
        None if kind.is_none() && property.get("enum").is_some() => SettingKind::Text,
        Some(_) | None => SettingKind::Json,
    }
}

/// The settings that a plugin has, for a message.
fn known(properties: &Map<String, Value>) -> String {
    let settings = properties.keys().filter(|key| {
        // The others are keys of the account itself.
        key.parse::<SettingName>().is_ok()
    });
    let names: Vec<&str> = settings.map(String::as_str).collect();
    match names.as_slice() {
        [] => "it has none".to_owned(),
        names => format!("it has {}", names.join(", ")),
    }
}

fn refused(key: &str, message: String) -> Failure {
    Failure::new(FailureClass::Config, key, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_at_fault_is_the_code_or_the_first_word_of_the_message() {
        for (code, message, key) in [
            ("child_key", "child_key: it is empty", Some("child_key")),
            ("config", "missing field `child_key`", Some("child_key")),
            ("config", "child_key: expected a string", Some("child_key")),
            ("config", "fields.x: expected a string", Some("fields")),
            ("config", "the plugin's configuration is no JSON", None),
            ("http_400", "the carrier refused it", Some("http_400")),
        ] {
            let failure = Failure::new(FailureClass::Config, code, message);
            assert_eq!(key_at_fault(&failure), key, "{message}");
        }
    }
}
