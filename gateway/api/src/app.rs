//! Apps.

use crate::SecretText;
use gateway_model::{AccountId, AppId, ManagedBy, RateLimit};
use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::ToSchema;

/// One app, without its secrets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AppView {
    /// The name that the operator gave it.
    #[schema(value_type = String)]
    pub name: AppId,
    /// The client id that it sends to the gateway's token endpoint.
    pub client_id: Option<String>,
    /// Whether it has a static key for the `Waybill-Key` field.
    pub has_key: bool,
    /// The accounts that it may use. The first one of a carrier and environment is its default
    /// there.
    #[schema(value_type = Vec<String>)]
    pub accounts: Vec<AccountId>,
    /// Its rate limit.
    #[schema(value_type = Option<Object>)]
    pub rate: Option<RateLimit>,
    /// Where the app is changed: `config` (the configuration file) or `operator` (this API).
    #[schema(value_type = String)]
    pub managed_by: ManagedBy,
    /// Retired access keys by which the app is recognised.
    pub legacy_keys: Vec<LegacyKeyView>,
    /// When the app was added.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When its secrets were last replaced.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub rotated_at: Option<Timestamp>,
}

/// A retired access key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LegacyKeyView {
    /// The last four characters of the key.
    pub hint: String,
    /// The account whose tokens replace the key.
    #[schema(value_type = String)]
    pub account: AccountId,
}

/// An app to add.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
// Unknown members are refused in every request: a misspelt one would otherwise be ignored in silence.
#[serde(deny_unknown_fields)]
pub struct AddApp {
    /// The name of the new app.
    #[schema(value_type = String)]
    pub name: AppId,
    /// The client id that it sends to the gateway's token endpoint. Generated if absent and
    /// `key_only` is not set.
    #[serde(default)]
    pub client_id: Option<String>,
    /// An existing client secret to import. Generated if absent.
    #[serde(default)]
    pub client_secret: Option<SecretText>,
    /// Also generates a static key.
    #[serde(default)]
    pub with_key: bool,
    /// An existing static key to import.
    #[serde(default)]
    pub key: Option<SecretText>,
    /// Gives the app a static key only, without client id and secret.
    #[serde(default)]
    pub key_only: bool,
    /// The accounts that it may use. The first one of a carrier and environment is its default
    /// there.
    #[schema(value_type = Vec<String>)]
    pub accounts: Vec<AccountId>,
    /// Its rate limit.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub rate: Option<RateLimit>,
    /// Retired access keys by which the app is recognised. The tokens of its first account replace
    /// them.
    #[serde(default)]
    pub legacy_keys: Vec<SecretText>,
}

/// Changes to an app. An absent member leaves its value unchanged.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateApp {
    /// The accounts that it may use from now on. The first one of a carrier and environment is its
    /// default there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<String>>)]
    pub accounts: Option<Vec<AccountId>>,
    /// The account that becomes its default. The app must be allowed to use it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub default: Option<AccountId>,
    /// Its rate limit; `null` removes the limit.
    // A type of its own: an `Option` cannot tell an absent member from `null`.
    #[serde(default, skip_serializing_if = "RateChange::is_keep")]
    #[schema(value_type = Option<Object>)]
    pub rate: RateChange,
}

/// What to do with an app's rate limit. An absent member keeps it, `null` removes it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RateChange {
    /// Keep the limit as it is.
    #[default]
    Keep,
    /// Remove the limit.
    Remove,
    /// Set this limit.
    Set(RateLimit),
}

impl RateChange {
    /// Whether nothing changes.
    pub const fn is_keep(&self) -> bool {
        matches!(self, Self::Keep)
    }

    /// The limit after the change.
    pub const fn apply(self, current: Option<RateLimit>) -> Option<RateLimit> {
        match self {
            Self::Keep => current,
            Self::Remove => None,
            Self::Set(limit) => Some(limit),
        }
    }
}

impl Serialize for RateChange {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        // `Keep` is never written: the member is left out then, so that absence and `null` stay apart.
        self.apply(None).serialize(to)
    }
}

impl<'de> Deserialize<'de> for RateChange {
    // Only a member that is present gets here: `null` therefore means "remove", not "keep".
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let limit = Option::deserialize(from)?;
        Ok(limit.map_or(Self::Remove, Self::Set))
    }
}

/// Which secrets of an app to replace. If none is named, all that the app has are replaced.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RotateApp {
    /// The client secret.
    #[serde(default)]
    pub secret: bool,
    /// The static key.
    #[serde(default)]
    pub key: bool,
}

/// An app with its new secrets. They are shown only in this response.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct AppSecrets {
    /// The app.
    pub app: AppView,
    /// Its new client secret.
    pub client_secret: Option<SecretText>,
    /// Its new static key.
    pub key: Option<SecretText>,
}
