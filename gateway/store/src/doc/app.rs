//! Documents of apps and of retired access keys.

use super::secret::{digest, some_digest};
use crate::{AppRecord, LegacyKeyRecord, ManagedBy, RateLimit, SecretDigest, Timestamp};
use gateway_model::{AccountId, AppId};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
#[serde(remote = "AppRecord")]
pub(super) struct AppDoc {
    name: AppId,
    client_id: Option<String>,
    #[serde(with = "some_digest")]
    secret: Option<SecretDigest>,
    #[serde(with = "some_digest")]
    key: Option<SecretDigest>,
    accounts: Vec<AccountId>,
    rate: Option<RateLimit>,
    managed_by: ManagedBy,
    created_at: Timestamp,
    rotated_at: Option<Timestamp>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "LegacyKeyRecord")]
pub(super) struct LegacyKeyDoc {
    #[serde(with = "digest")]
    key: SecretDigest,
    hint: String,
    app: Option<AppId>,
    account: AccountId,
    created_at: Timestamp,
}
