//! The gateway as a whole.

use crate::{FleetView, NoticeView};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The gateway as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StatusView {
    /// The gateway's version.
    pub version: String,
    /// The kind of store: `memory`, `sqlite` or `postgres`.
    pub store: String,
    /// The redirect URI, exactly as it must be registered with carriers.
    pub redirect_uri: String,
    /// The number of accounts.
    pub accounts: usize,
    /// The number of accounts that have a usable token now.
    pub usable: usize,
    /// Open notices.
    pub notices: Vec<NoticeView>,
    /// The fleet that the gateway belongs to; absent if its store is not shared.
    #[serde(default)]
    pub fleet: Option<FleetView>,
}

/// A rotation of the master key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RotateKey {
    /// The absolute path of the new key's file on the gateway's machine. The file is made if it
    /// does not exist.
    pub file: String,
}

/// The result of a rotation of the master key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct KeyRotated {
    /// The number of secrets that were sealed under the new key.
    pub resealed: u64,
}
