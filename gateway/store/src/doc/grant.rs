//! A grant's document.

use super::secret;
use crate::{
    Fence, GrantRecord, Intent, ReplicaId, RestoredFrom, StoredFailure, StoredSlot, StoredToken,
    Timestamp,
};
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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    written_by: Option<(ReplicaId, Fence)>,
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

#[cfg(test)]
mod tests {
    use crate::doc::Document as _;
    use crate::{GrantRecord, StoredFailure, StoredSlot, StoredToken, Timestamp};
    use gateway_model::{FailureClass, GrantStatus, GrantVersion, SecretBytes, TokenFacts};

    fn with(slots: Vec<StoredSlot>) -> GrantRecord {
        GrantRecord {
            account: "main".parse().expect("a name"),
            version: GrantVersion(1),
            status: GrantStatus::Repeatable,
            state: SecretBytes::default(),
            token: Some(StoredToken {
                headers: SecretBytes::new(b"authorization:Bearer a".to_vec()),
                issued_at: Timestamp(1),
                expires_at: None,
                renew_at: None,
                key: [0; 32],
                slots,
            }),
            facts: TokenFacts::default(),
            consented_at: None,
            expires_at: None,
            intent: None,
            restored: None,
            written_by: None,
        }
    }

    fn again(record: &GrantRecord) -> (String, Vec<StoredSlot>) {
        let json = record.to_json().expect("a document");
        let read = GrantRecord::from_json(&json).expect("its own document");
        let text = String::from_utf8(json.to_vec()).expect("JSON");
        (text, read.token.expect("a token").slots)
    }

    /// A row of an older release reads on, and one of a carrier without further slots stays what it was.
    #[test]
    fn token_without_slots_is_written_as_before() {
        let (text, slots) = again(&with(Vec::new()));
        assert!(!text.contains("slots") && slots.is_empty(), "{text}");
    }

    #[test]
    fn slots_are_read_as_they_were_written() {
        let failure = StoredFailure {
            class: FailureClass::Config,
            code: "roles".into(),
            message: "add the roles".into(),
        };
        let slot = |name: &str, failure| StoredSlot {
            name: name.into(),
            headers: SecretBytes::new(b"x-payment:paid".to_vec()),
            expires_at: Some(Timestamp(9)),
            failure,
        };
        let record = with(vec![
            slot("payment", None),
            slot("data", Some(failure.clone())),
        ]);
        let (_, slots) = again(&record);
        assert_eq!(slots[0].headers.expose(), b"x-payment:paid");
        assert_eq!(
            (&*slots[0].name, slots[0].expires_at),
            ("payment", Some(Timestamp(9)))
        );
        assert_eq!(
            (&*slots[1].name, &slots[1].failure),
            ("data", &Some(failure))
        );
    }
}
