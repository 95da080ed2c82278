//! What a backup contains, as far as people are told.

use crate::Timestamp;

/// What a backup contains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackupSummary {
    /// The version of the backup's format.
    pub version: u8,
    /// The id of the store that the backup was made of, as hexadecimal digits.
    pub store_id: String,
    /// When the backup was made.
    pub created_at: Timestamp,
    /// The number of records of each kind, such as `("accounts", 3)`.
    pub records: Vec<(String, u64)>,
    /// The number of rows that could not be opened when the backup was made. They are not in it.
    pub left_out: u64,
}

impl BackupSummary {
    /// The number of accounts.
    pub fn accounts(&self) -> u64 {
        self.count("accounts")
    }

    /// The number of apps.
    pub fn apps(&self) -> u64 {
        self.count("apps")
    }

    /// The number of records of one kind.
    pub fn count(&self, kind: &str) -> u64 {
        let found = self.records.iter().find(|(name, _)| name == kind);
        found.map_or(0, |(_, count)| *count)
    }
}
