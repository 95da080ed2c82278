//! Apps on the wire.

use super::SecretText;
use gateway_model::{AccountId, AppId, ManagedBy, RateLimit};
use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

/// One app, without its secrets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AppView {
    /// The operator's name of it.
    #[schema(value_type = String)]
    pub name: AppId,
    /// What it calls itself at the gateway's token endpoint.
    pub client_id: Option<String>,
    /// Whether it has a static key for `Waybill-Key`.
    pub has_key: bool,
    /// What it may use; the first of a carrier and environment is its default there.
    #[schema(value_type = Vec<String>)]
    pub accounts: Vec<AccountId>,
    /// How often it may call.
    #[schema(value_type = Option<Object>)]
    pub rate: Option<RateLimit>,
    /// Who may change it: `config` or `operator`.
    #[schema(value_type = String)]
    pub managed_by: ManagedBy,
    /// Retired access keys by which it is recognised.
    pub legacy_keys: Vec<LegacyKeyView>,
    /// When it was added.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When its secrets were last replaced.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub rotated_at: Option<Timestamp>,
}

/// A retired access key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LegacyKeyView {
    /// Its last four characters.
    pub hint: String,
    /// The account whose tokens replace it.
    #[schema(value_type = String)]
    pub account: AccountId,
}

/// An app to add.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddApp {
    /// The operator's name of it.
    #[schema(value_type = String)]
    pub name: AppId,
    /// What it calls itself at the token endpoint; made up if absent and `key_only` is not set.
    #[serde(default)]
    pub client_id: Option<String>,
    /// An imported secret; made up if absent.
    #[serde(default)]
    pub client_secret: Option<SecretText>,
    /// Also makes a static key.
    #[serde(default)]
    pub with_key: bool,
    /// An imported static key.
    #[serde(default)]
    pub key: Option<SecretText>,
    /// No id and secret, only a key.
    #[serde(default)]
    pub key_only: bool,
    /// What it may use; the first of a carrier and environment is its default there.
    #[schema(value_type = Vec<String>)]
    pub accounts: Vec<AccountId>,
    /// How often it may call.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub rate: Option<RateLimit>,
    /// Retired access keys by which it is recognised; its first account's tokens replace them.
    #[serde(default)]
    pub legacy_keys: Vec<SecretText>,
}

/// Changes to an app; what is absent stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateApp {
    /// What it may use from now on; the first of a carrier and environment is its default there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<String>>)]
    pub accounts: Option<Vec<AccountId>>,
    /// The account that becomes its default; one that it may use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub default: Option<AccountId>,
    /// How often it may call; `null` takes the limit away.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "present"
    )]
    #[schema(value_type = Option<Object>)]
    pub rate: Option<Option<RateLimit>>,
}

/// Tells a field that is `null` from one that is absent.
fn present<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Option<RateLimit>>, D::Error> {
    Option::deserialize(from).map(Some)
}

/// Which secrets of an app to replace; none named means those it has.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RotateApp {
    /// The secret of its client id.
    #[serde(default)]
    pub secret: bool,
    /// Its static key.
    #[serde(default)]
    pub key: bool,
}

/// An app with secrets that are shown this once.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct AppSecrets {
    /// The app.
    pub app: AppView,
    /// Its new secret.
    pub client_secret: Option<SecretText>,
    /// Its new key.
    pub key: Option<SecretText>,
}
