//! A grant's document.

use super::secret;
use crate::{GrantRecord, Intent, RestoredFrom, StoredFailure, StoredSlot, StoredToken, Timestamp};
use gateway_model::{AccountId, GrantStatus, GrantVersion, IntentId, SecretBytes, TokenFacts};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
#[serde(remote = "GrantRecord")]
pub(super) struct GrantDoc {
    account: AccountId,
    version: GrantVersion,
    status: GrantStatus,
    #[serde(with = "secret::bytes")]
    state: SecretBytes,
    #[serde(with = "token")]
    token: Option<StoredToken>,
    facts: TokenFacts,
    consented_at: Option<Timestamp>,
    expires_at: Option<Timestamp>,
    #[serde(with = "intent")]
    intent: Option<Intent>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    restored: Option<RestoredFrom>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "StoredToken")]
struct TokenDoc {
    #[serde(with = "secret::bytes")]
    headers: SecretBytes,
    issued_at: Timestamp,
    expires_at: Option<Timestamp>,
    renew_at: Option<Timestamp>,
    #[serde(with = "secret::key")]
    key: [u8; 32],
    // Left out if there are none, so that a row of a carrier without further slots stays what it was.
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "slots")]
    slots: Vec<StoredSlot>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "StoredSlot")]
struct SlotDoc {
    name: String,
    #[serde(with = "secret::bytes")]
    headers: SecretBytes,
    expires_at: Option<Timestamp>,
    failure: Option<StoredFailure>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Intent")]
struct IntentDoc {
    id: IntentId,
    at: Timestamp,
    reason: String,
    #[serde(with = "secret::some_bytes")]
    answer: Option<SecretBytes>,
}

/// A mirror within an `Option`, which serde's `remote` does not reach by itself.
macro_rules! optional {
    ($name:ident, $record:ident as $mirror:literal) => {
        mod $name {
            use super::*;
            use serde::{Deserializer, Serializer};

            pub(super) fn serialize<S: Serializer>(
                value: &Option<$record>,
                to: S,
            ) -> Result<S::Ok, S::Error> {
                #[derive(Serialize)]
                struct Inner<'a>(#[serde(with = $mirror)] &'a $record);
                value.as_ref().map(Inner).serialize(to)
            }

            pub(super) fn deserialize<'de, D: Deserializer<'de>>(
                from: D,
            ) -> Result<Option<$record>, D::Error> {
                #[derive(Deserialize)]
                struct Inner(#[serde(with = $mirror)] $record);
                Ok(Option::<Inner>::deserialize(from)?.map(|inner| inner.0))
            }
        }
    };
}

/// Mirrors within a list, which serde's `remote` does not reach either.
mod slots {
    use super::*;
    use serde::{Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(slots: &[StoredSlot], to: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Inner<'a>(#[serde(with = "SlotDoc")] &'a StoredSlot);
        to.collect_seq(slots.iter().map(Inner))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Vec<StoredSlot>, D::Error> {
        #[derive(Deserialize)]
        struct Inner(#[serde(with = "SlotDoc")] StoredSlot);
        let slots = Vec::<Inner>::deserialize(from)?;
        Ok(slots.into_iter().map(|inner| inner.0).collect())
    }
}

optional!(token, StoredToken as "TokenDoc");
optional!(intent, Intent as "IntentDoc");
