//! The progress of a migration, as its record keeps it. It contains no secret.

use crate::{ControlError, Fault};
use gateway_model::{AccountId, AccountNumber, AppId, Environment, ManagedBy};
use gateway_store::{AccountRecord, MigrationRecord, Timestamp};
use serde::{Deserialize, Deserializer, Serialize};

/// All items of a migration, and what it added for them.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Progress {
    /// The carrier.
    #[serde(default)]
    pub(super) carrier: Option<String>,
    /// The file with the backup's passphrase.
    #[serde(default)]
    pub(super) passphrase_file: Option<String>,
    /// Whether the migration was undone.
    #[serde(default)]
    pub(super) undone: bool,
    #[serde(default)]
    pub(super) items: Vec<Item>,
    #[serde(default)]
    pub(super) apps: Vec<AddedApp>,
}

/// One account, and the sign-in that it needs.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Item {
    pub(super) account: AccountId,
    // A record of an earlier build has one number.
    #[serde(alias = "number", deserialize_with = "one_or_several")]
    pub(super) numbers: Vec<AccountNumber>,
    pub(super) environment: Environment,
    pub(super) profiles: Vec<String>,
    /// The users in the older software, so that people know who signs in: the first of them.
    #[serde(default)]
    pub(super) users: Vec<String>,
    /// When the migration added the account; `None` if the account existed before.
    #[serde(default)]
    pub(super) added_at: Option<Timestamp>,
}

/// An app that stands for a retired key.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct AddedApp {
    pub(super) name: AppId,
    /// The first profile that had the key.
    pub(super) profile: String,
    pub(super) added_at: Timestamp,
}

fn one_or_several<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<AccountNumber>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Numbers {
        One(AccountNumber),
        Several(Vec<AccountNumber>),
    }
    Ok(match Numbers::deserialize(from)? {
        Numbers::One(number) => vec![number],
        Numbers::Several(numbers) => numbers,
    })
}

impl Item {
    /// Whether an account is the one that the migration added, and not a later one of that name.
    pub(super) fn added(&self, account: &AccountRecord) -> bool {
        account.managed_by == ManagedBy::Operator && self.added_at == Some(account.created_at)
    }
}

impl Progress {
    pub(super) fn parse(record: &MigrationRecord) -> Result<Self, ControlError> {
        serde_json::from_str(&record.items).map_err(|error| {
            let message = format!(
                "the record of migration {} does not parse: {error}",
                record.id
            );
            ControlError::new(Fault::Unavailable, "store_unavailable", message)
                .remedy("use the program that wrote it, or restore the backup it names")
        })
    }

    pub(super) fn text(&self) -> Result<String, ControlError> {
        serde_json::to_string(self).map_err(|error| {
            let message = format!("the migration's record cannot be written: {error}");
            ControlError::new(Fault::Unavailable, "internal", message)
        })
    }

    /// The item of an account.
    pub(super) fn item(&self, account: &AccountId) -> Option<&Item> {
        self.items.iter().find(|item| item.account == *account)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn record_of_an_earlier_build_is_read() {
        let item = |numbers| {
            format!(r#"{{"account": "main", {numbers}, "environment": "test", "profiles": []}}"#)
        };
        for (text, count) in [
            (r#""number": "A1B2C3""#, 1),
            (r#""numbers": ["A1B2C3", "D4E5F6"]"#, 2),
        ] {
            let item: Item = serde_json::from_str(&item(text)).expect(text);
            assert_eq!(item.numbers.len(), count, "{text}");
        }
    }
}
