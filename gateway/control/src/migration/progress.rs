//! The progress of a migration, as its record keeps it. It contains no secret.

use crate::{ControlError, Fault};
use gateway_model::{AccountId, AccountNumber, AppId, Environment, ManagedBy};
use gateway_store::{AccountRecord, MigrationRecord, Timestamp};
use serde::{Deserialize, Serialize};

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

/// One account number.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Item {
    pub(super) account: AccountId,
    pub(super) number: AccountNumber,
    pub(super) environment: Environment,
    pub(super) profiles: Vec<String>,
    /// The users in the older software, so that people know who signs in.
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

impl Item {
    /// Whether this is the item of an account number. Carriers ignore the number's case.
    pub(super) fn is(&self, number: &AccountNumber, environment: Environment) -> bool {
        self.environment == environment
            && self.number.as_str().eq_ignore_ascii_case(number.as_str())
    }

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

    /// The item of an account number, whatever its case.
    pub(super) fn item(&self, number: &AccountNumber, environment: Environment) -> Option<&Item> {
        self.items.iter().find(|item| item.is(number, environment))
    }
}
