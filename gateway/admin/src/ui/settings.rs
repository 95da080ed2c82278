//! The settings that a carrier's plugin defines for an account, as fields of a form.

use super::fields::{Fields, SECRET_SETTING};
use crate::error::AdminError;
use askama::{Template, filters::HtmlSafe};
use gateway_api::{CarrierSetting, SecretText, SettingKind};
use gateway_model::SettingName;
use serde_json::Value;
use std::collections::BTreeMap;

/// What the name of a field for a plain setting begins with.
const PLAIN: &str = "setting.";

/// One setting in a form.
#[derive(Template)]
#[template(path = "ui/setting_field.html")]
pub(super) struct SettingField {
    setting: CarrierSetting,
    /// The name of the field.
    field: String,
    text: String,
    /// Whether a secret is stored, which stays if nothing is typed.
    stored: bool,
    mistake: Option<String>,
}

// The template escapes its own parts.
impl HtmlSafe for SettingField {}

/// Why a form with settings was refused.
pub(super) struct Mistake {
    pub(super) error: AdminError,
    /// What is wrong with single settings, by name.
    pub(super) settings: BTreeMap<String, String>,
}

impl From<AdminError> for Mistake {
    fn from(error: AdminError) -> Self {
        let mistakes = error.detail().mistakes;
        let settings = mistakes.into_iter().map(|it| (it.place, it.message));
        Self {
            settings: settings.collect(),
            error,
        }
    }
}

impl Mistake {
    /// What the form says above its fields: what happened, and what to do.
    pub(super) fn shown(self) -> (String, Option<String>) {
        let detail = self.error.detail();
        (detail.message, detail.remedy)
    }
}

/// What was typed for the settings.
#[derive(Default)]
pub(super) struct TypedSettings {
    /// Each plain setting of the form; `None`: nothing was typed.
    pub(super) plain: BTreeMap<SettingName, Option<Value>>,
    /// The secrets that were typed.
    pub(super) secrets: BTreeMap<SettingName, SecretText>,
    /// Why a text cannot be used, by the name of its setting.
    pub(super) mistakes: BTreeMap<String, String>,
}

impl TypedSettings {
    pub(super) fn of(settings: &[CarrierSetting], fields: &Fields) -> Self {
        let mut typed = Self::default();
        for setting in settings {
            let text = fields.text(&field(setting));
            if setting.secret {
                if !text.is_empty() {
                    let secret = text.to_owned().into();
                    typed.secrets.insert(setting.name.clone(), secret);
                }
                continue;
            }
            match value(setting, text) {
                Ok(value) => drop(typed.plain.insert(setting.name.clone(), value)),
                Err(why) => drop(typed.mistakes.insert(setting.name.to_string(), why)),
            }
        }
        typed
    }

    /// The settings of a new account.
    pub(super) fn given(&self) -> BTreeMap<SettingName, Value> {
        let given = self.plain.iter();
        given
            .filter_map(|(name, value)| Some((name.clone(), value.clone()?)))
            .collect()
    }
}

/// The fields of a form, with what was typed or else with what is stored.
pub(super) fn fields(
    settings: &[CarrierSetting],
    typed: Option<&Fields>,
    stored: &BTreeMap<SettingName, Value>,
    stored_secrets: &[SettingName],
    mistakes: &BTreeMap<String, String>,
) -> Vec<SettingField> {
    let shown = |setting: &CarrierSetting| {
        let field = field(setting);
        let text = match typed {
            // Nothing that a person types as a secret is ever sent back.
            _ if setting.secret => String::new(),
            Some(typed) => typed.text(&field).to_owned(),
            None => stored.get(&setting.name).map(text).unwrap_or_default(),
        };
        SettingField {
            field,
            text,
            stored: stored_secrets.contains(&setting.name),
            mistake: mistakes.get(setting.name.as_str()).cloned(),
            setting: setting.clone(),
        }
    };
    settings.iter().map(shown).collect()
}

fn field(setting: &CarrierSetting) -> String {
    let start = if setting.secret {
        SECRET_SETTING
    } else {
        PLAIN
    };
    format!("{start}{}", setting.name)
}

/// A value as a person types it.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            value.to_string()
        }
    }
}

/// The value that a text stands for; nothing for an empty text.
fn value(setting: &CarrierSetting, text: &str) -> Result<Option<Value>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    let parsed = match setting.kind {
        SettingKind::Text => return Ok(Some(text.into())),
        SettingKind::Boolean => text.parse::<bool>().map(Value::from).ok(),
        SettingKind::Number => serde_json::from_str(text).ok().filter(Value::is_number),
        SettingKind::Json => serde_json::from_str(text).ok(),
    };
    match (parsed, setting.kind) {
        (Some(value), _) => Ok(Some(value)),
        (None, SettingKind::Number) => Err("it is no number".to_owned()),
        (None, SettingKind::Boolean) => Err("it is neither true nor false".to_owned()),
        // Several kinds of value, of which a text may be one: the plugin says what it takes.
        (None, SettingKind::Json | SettingKind::Text) if !text.starts_with(['{', '[']) => {
            Ok(Some(text.into()))
        }
        (None, SettingKind::Json | SettingKind::Text) => {
            Err("it is no JSON: write {\"name\": \"value\"} or [\"value\"]".to_owned())
        }
    }
}

impl SettingField {
    fn label(&self) -> &str {
        let title = self.setting.title.as_deref();
        title.unwrap_or(self.setting.name.as_str())
    }

    /// What stands for no choice.
    fn unset(&self) -> String {
        match &self.setting.default {
            Some(default) => format!("not set: {}", text(default)),
            None => "not set".to_owned(),
        }
    }

    fn choices(&self) -> Vec<String> {
        match self.setting.kind {
            SettingKind::Boolean => vec!["true".to_owned(), "false".to_owned()],
            SettingKind::Text | SettingKind::Number | SettingKind::Json => {
                self.setting.choices.clone()
            }
        }
    }

    fn has_lines(&self) -> bool {
        self.setting.kind == SettingKind::Json
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn setting(name: &str, kind: SettingKind, secret: bool) -> CarrierSetting {
        CarrierSetting {
            name: name.parse().expect("a name"),
            title: Some("<b>Depot".to_owned()),
            description: None,
            secret,
            required: false,
            kind,
            choices: Vec::new(),
            default: None,
        }
    }

    #[test]
    fn text_becomes_the_kind_of_value_that_the_plugin_reads() {
        for (kind, text, expected) in [
            (SettingKind::Text, "0042", Ok(Some(json!("0042")))),
            (SettingKind::Number, "42", Ok(Some(json!(42)))),
            (SettingKind::Number, "4x", Err("it is no number")),
            (SettingKind::Boolean, "true", Ok(Some(json!(true)))),
            (SettingKind::Json, "{\"a\": 1}", Ok(Some(json!({"a": 1})))),
            (SettingKind::Json, "yes", Ok(Some(json!("yes")))),
            (SettingKind::Text, "", Ok(None)),
        ] {
            let found = value(&setting("depot", kind, false), text);
            assert_eq!(found, expected.map_err(str::to_owned), "{text}");
        }
        assert!(value(&setting("depot", SettingKind::Json, false), "{a").is_err());
    }

    #[test]
    fn field_is_escaped_and_never_has_a_secret() {
        let settings = [
            setting("depot", SettingKind::Text, false),
            setting("password", SettingKind::Text, true),
        ];
        let typed = Fields::parse(b"setting.depot=%22%3E%3Cimg&secret_setting.password=planted");
        let mistakes = [("depot".to_owned(), "<i>no".to_owned())].into();
        let shown = fields(&settings, Some(&typed), &BTreeMap::new(), &[], &mistakes);
        let html: String = shown
            .iter()
            .map(|it| it.render().expect("a field"))
            .collect();
        assert!(!html.contains("planted"), "{html}");
        for markup in ["<b>", "<img", "<i>"] {
            assert!(!html.contains(markup), "{html}");
        }
        assert!(html.contains("aria-invalid"), "{html}");
        let values = TypedSettings::of(&settings, &typed);
        assert_eq!(values.given().len(), 1);
        assert_eq!(values.secrets.len(), 1);
    }
}
