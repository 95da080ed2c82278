//! Writing back what a failover of the database lost.

use super::rows::GrantChange;
use crate::recover::doubt;
use crate::{GrantRecord, RestoredFrom, Store, StoreError};

impl Store {
    /// Writes a grant that this gateway holds in memory over the one that a failover of the database brought
    /// back, if it [is ahead of it](GrantRecord::is_ahead_of). The account is claimed for it if the claim was lost,
    /// too. `false` if it is not ahead, or the account is another gateway's.
    ///
    /// If this gateway was not the owner without a break, another one may have presented the grant since, and the
    /// failover may have lost that, too: then it is written back as a grant in doubt.
    pub async fn write_back(&self, record: &GrantRecord) -> Result<bool, StoreError> {
        let me = self.membership();
        let alone = self.is_alone() || me.is_some_and(|me| me.alone_presents(&record.account));
        let doubtful = if alone {
            None
        } else {
            doubt(record, RestoredFrom::OlderCopy)
        };
        let record = doubtful.as_ref().unwrap_or(record);
        match self.write_back_once(record).await {
            // The failover lost the claim, too. It is forgotten by now, so it is made anew.
            Err(StoreError::Fenced) => match self.write_back_once(record).await {
                Err(StoreError::Fenced) => Ok(false),
                written => written,
            },
            written => written,
        }
    }

    async fn write_back_once(&self, record: &GrantRecord) -> Result<bool, StoreError> {
        let account = &record.account;
        let right = self.right(account).await?;
        self.db
            .change(async |tx| {
                let kept = self.look_up_by(tx, account, &right).await?;
                if kept
                    .as_ref()
                    .is_some_and(|kept| !record.is_ahead_of(&kept.record))
                {
                    return Ok(false);
                }
                let change = GrantChange {
                    next: &right.signed(record.clone()),
                    completed: None,
                    entry: None,
                    told: true,
                };
                self.write_change(tx, kept.as_ref(), change).await
            })
            .await
    }
}
