//! A new master key while several gateways write.
//!
//! One transaction over all records would keep the others from writing for as long as it takes. So the new key
//! becomes the store's first, the others follow it, and then the records are sealed anew in small transactions,
//! each only if nobody has written it meanwhile.

use crate::seal::MasterKey;
use crate::statement::query;
use crate::store::commit;
use crate::table::{self, Sealed, SealedRow};
use crate::{
    AccountRecord, AdminTokenRecord, AppRecord, ConsentRecord, GrantRecord, InvitationRecord,
    LegacyKeyRecord, ManifestRecord, Store, StoreError,
};
use sqlx::AssertSqlSafe;
use std::time::Duration;

/// Records in one transaction: their rows are locked until it ends.
const TOGETHER: usize = 100;
/// Time for the others to hear of the new key. What they seal with the old one until then is found after it.
const SETTLING: Duration = Duration::from_secs(1);

impl Store {
    pub(super) async fn rotate_shared(&self, key: &MasterKey) -> Result<usize, StoreError> {
        let next = self.sealer().with_first(key)?;
        let tx = self.db.write(self.db.begin()).await?;
        self.take_key(tx, key, next).await?;
        let mut count = self.reseal_stale().await?;
        tokio::time::sleep(SETTLING).await;
        count += self.reseal_stale().await?;
        tracing::info!(
            records = count,
            keys = self.sealer().keys.ids(),
            "re-sealed"
        );
        Ok(count)
    }

    /// Seals what is not under the first key yet.
    async fn reseal_stale(&self) -> Result<usize, StoreError> {
        let mut count = 0;
        count += self.reseal_stale_of::<AccountRecord>().await?;
        count += self.reseal_stale_of::<GrantRecord>().await?;
        count += self.reseal_stale_of::<AppRecord>().await?;
        count += self.reseal_stale_of::<AdminTokenRecord>().await?;
        count += self.reseal_stale_of::<LegacyKeyRecord>().await?;
        count += self.reseal_stale_of::<ManifestRecord>().await?;
        count += self.reseal_stale_of::<ConsentRecord>().await?;
        count += self.reseal_stale_of::<InvitationRecord>().await?;
        Ok(count)
    }

    async fn reseal_stale_of<T: Sealed>(&self) -> Result<usize, StoreError> {
        let work = async {
            let mut tx = self.db.reader().await?;
            table::all::<T>(self.db.backend, &mut tx).await
        };
        let mut rows = self.db.read(work).await?;
        let keys = self.sealer().keys;
        rows.retain(|row| !keys.is_current(&row.sealed));
        let mut count = 0;
        for some in rows.chunks(TOGETHER) {
            count += self.db.write(self.reseal_some::<T>(some)).await?;
        }
        Ok(count)
    }

    async fn reseal_some<T: Sealed>(&self, rows: &[SealedRow]) -> Result<usize, StoreError> {
        let sealer = self.sealer();
        let mut tx = self.db.begin().await?;
        let mut count = 0;
        for row in rows {
            // One damaged record must not keep all others under a key that was compromised.
            let Some(record) = self.opened::<T>(&sealer, row) else {
                continue;
            };
            let (table, column) = (T::TABLE, T::KEY);
            let sql = format!("UPDATE {table} SET sealed = $1 WHERE {column} = $2 AND sealed = $3");
            let query = query(AssertSqlSafe(sql)).bind(sealer.seal(&record)?);
            let query = if T::KEY_IS_TEXT {
                query.bind(String::from_utf8_lossy(&row.key).into_owned())
            } else {
                query.bind(row.key.clone())
            };
            let written = query.bind(row.sealed.clone()).execute(&mut *tx).await?;
            count += usize::try_from(written.rows_affected()).unwrap_or(0);
        }
        commit(tx).await?;
        Ok(count)
    }
}
