//! Carriers, and what their plugins want to know of an account.

use gateway_model::{CarrierId, SettingName};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// A carrier that an active plugin serves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CarrierView {
    /// The carrier, as accounts name it.
    #[schema(value_type = String)]
    pub name: CarrierId,
    /// The carrier's name for people.
    pub display_name: String,
    /// The plugin that serves it.
    pub plugin: String,
    /// Whether a person can sign in for an account (grant `authorization_code`).
    pub consent: bool,
    /// Whether a test call shows if an account gets its negotiated rates.
    pub shows_rates: bool,
    /// The settings that its plugin defines for an account.
    pub settings: Vec<CarrierSetting>,
}

/// A setting that a carrier's plugin defines for an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CarrierSetting {
    /// The name of the setting.
    #[schema(value_type = String)]
    pub name: SettingName,
    /// What the carrier calls the value.
    pub title: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// Whether it is a secret.
    pub secret: bool,
    /// Whether an account needs it.
    pub required: bool,
    /// What a value is.
    pub kind: SettingKind,
    /// The values to choose from; empty if there is no choice.
    pub choices: Vec<String>,
    /// The value of an account that has none.
    #[schema(value_type = Option<Object>)]
    pub default: Option<Value>,
}

/// What the value of a setting is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SettingKind {
    /// A text.
    Text,
    /// A number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// A list, an object, or a value of several kinds.
    Json,
}
