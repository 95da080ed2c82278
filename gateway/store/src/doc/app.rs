//! Documents of apps and of retired access keys.

use super::secret::{digest, some_digest};
use crate::{AppRecord, LegacyKeyRecord, SecretDigest, Timestamp};
use gateway_model::{AccountId, AppId, ManagedBy, RateLimit};
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
    #[serde(default, with = "rate")]
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

/// A rate limit, as two numbers.
mod rate {
    use gateway_model::RateLimit;
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};
    use std::num::NonZeroU32;

    #[derive(serde::Deserialize)]
    struct Stored {
        per_second: u32,
        burst: u32,
    }

    pub(super) fn serialize<S: Serializer>(
        rate: &Option<RateLimit>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        rate.serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<RateLimit>, D::Error> {
        let stored = Option::<Stored>::deserialize(from)?;
        // Earlier versions stored a zero as it was given, and served it as no limit. Such a row must
        // still open.
        Ok(stored.and_then(|stored| {
            Some(RateLimit {
                per_second: NonZeroU32::new(stored.per_second)?,
                burst: NonZeroU32::new(stored.burst)?,
            })
        }))
    }
}

#[cfg(test)]
mod tests {
    use crate::{AppRecord, doc::Document as _};

    #[test]
    fn rate_of_zero_that_an_earlier_version_stored_is_no_limit() {
        let json = br#"{"name":"shop","client_id":null,"secret":null,"key":null,"accounts":[],
            "rate":{"per_second":0,"burst":5},"managed_by":"operator","created_at":0,
            "rotated_at":null}"#;
        let app = AppRecord::from_json(json).expect("a document");
        assert_eq!(app.rate, None);
    }
}
