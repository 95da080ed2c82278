//! A door for the project's own benches: a large store in little time, and sealing by itself. Not
//! part of the crate's interface.

use crate::store::commit;
use crate::table::{SealedRow, Sealer};
use crate::{AccountRecord, GrantRecord, Store, StoreError};
use std::sync::atomic::Ordering;

impl Store {
    /// Adds many new accounts with their grants in one transaction. Each call has the deadline of
    /// one write: some hundred at a time.
    #[doc(hidden)]
    pub async fn fill(&self, fleet: &[(AccountRecord, GrantRecord)]) -> Result<(), StoreError> {
        let work = async {
            let mut tx = self.db.begin().await?;
            for (account, grant) in fleet {
                self.insert_account(&mut tx, account).await?;
                self.write_grant(&mut tx, grant, None).await?;
            }
            commit(tx).await
        };
        self.db.write(work).await
    }

    /// How many records were opened so far.
    #[doc(hidden)]
    pub fn records_opened(&self) -> u64 {
        self.shared.opened.load(Ordering::Relaxed)
    }

    /// A record's sealed form, and opening it again.
    #[doc(hidden)]
    pub fn sealing(&self) -> Sealing {
        Sealing(self.sealer())
    }
}

/// Seals and opens as the store does, without a database.
#[derive(Debug)]
pub struct Sealing(Sealer);

impl Sealing {
    /// Seals.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub fn seal(&self, grant: &GrantRecord) -> Result<Vec<u8>, StoreError> {
        self.0.seal(grant)
    }

    /// Opens what was sealed as this account's grant.
    ///
    /// # Errors
    /// When it was changed.
    pub fn open(&self, account: &str, sealed: &[u8]) -> Result<GrantRecord, StoreError> {
        let row = SealedRow {
            key: account.as_bytes().to_vec(),
            sealed: sealed.to_vec(),
            clear: None,
        };
        Ok(self.0.open(&row)?)
    }
}
