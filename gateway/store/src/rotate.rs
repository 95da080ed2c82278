//! A new master key, without stopping.

mod shared;

use crate::db::Tx;
use crate::key::read_key;
use crate::seal::{Keyring, MasterKey};
use crate::statement::query;
use crate::store::commit;
use crate::table::{self, Sealed, Sealer};
use crate::{
    AccountRecord, AdminTokenRecord, AppRecord, ConsentRecord, GrantRecord, InvitationRecord,
    KeyError, LegacyKeyRecord, ManifestRecord, Store, StoreChange, StoreError, meta, open,
};
use gateway_model::MasterKeySource;
use sqlx::{AnyConnection, AssertSqlSafe};

impl Store {
    /// Seals every record anew under another key, in one transaction, and returns the number of records.
    /// A key file that does not exist is created. The configuration has to name the new key before the
    /// next start. Records that do not open are left as they are.
    pub async fn rotate_key(&self, new: &MasterKeySource) -> Result<usize, StoreError> {
        if matches!(new, MasterKeySource::Ephemeral) && self.kind() != "memory" {
            return Err(KeyError::Fleeting.into());
        }
        // First: answers in the emergency slot are sealed with the old key, which may be gone later.
        self.recover().await?;
        let key = read_key(new, true).await?;
        if self.is_shared() {
            return self.rotate_shared(&key).await;
        }
        let mut tx = self.db.write(self.db.begin()).await?;
        let old = self.sealer();
        let next = old.with_first(&key)?;
        let mut count = 0;
        count += self.reseal::<AccountRecord>(&mut tx, &old, &next).await?;
        count += self.reseal::<GrantRecord>(&mut tx, &old, &next).await?;
        count += self.reseal::<AppRecord>(&mut tx, &old, &next).await?;
        count += self
            .reseal::<AdminTokenRecord>(&mut tx, &old, &next)
            .await?;
        count += self.reseal::<LegacyKeyRecord>(&mut tx, &old, &next).await?;
        count += self.reseal::<ManifestRecord>(&mut tx, &old, &next).await?;
        count += self.reseal::<ConsentRecord>(&mut tx, &old, &next).await?;
        count += self
            .reseal::<InvitationRecord>(&mut tx, &old, &next)
            .await?;
        self.take_key(tx, &key, next).await?;
        tracing::info!(
            records = count,
            keys = self.sealer().keys.ids(),
            "re-sealed"
        );
        Ok(count)
    }

    /// Makes the key that of the store, and ends the transaction.
    async fn take_key(&self, mut tx: Tx, key: &MasterKey, next: Sealer) -> Result<(), StoreError> {
        let check = open::key_check(&next)?;
        self.db
            // The key check is part of the transaction: it must fit the records at any moment.
            .write(meta::put(&mut tx, meta::KEY_CHECK, &check))
            .await?;
        self.db
            .write(self.tell(&mut tx, &StoreChange::KeyRing))
            .await?;
        let old = self.sealer();
        // Before the commit: no record may be sealed with the old key after it. Readers are not
        // affected, because the ring opens with both keys.
        self.set_sealer(next);
        if let Err(error) = self.db.write(commit(tx)).await {
            // The outcome is unknown, so keep the new key for opening.
            self.set_sealer(old.with_last(key)?);
            return Err(error);
        }
        Ok(())
    }

    async fn reseal<T: Sealed>(
        &self,
        connection: &mut AnyConnection,
        old: &Sealer,
        next: &Sealer,
    ) -> Result<usize, StoreError> {
        let rows = self
            .db
            .write(table::all::<T>(self.db.backend, connection))
            .await?;
        let mut count = 0;
        for row in rows {
            let record = match old.open::<T>(&row) {
                Ok(record) => record,
                // One damaged record must not keep all others under a key that was compromised.
                Err(damage) => {
                    self.quarantine(&damage);
                    continue;
                }
            };
            let sql = format!("UPDATE {} SET sealed = $1 WHERE {} = $2", T::TABLE, T::KEY);
            let query = query(AssertSqlSafe(sql)).bind(next.seal(&record)?);
            let query = if T::KEY_IS_TEXT {
                query.bind(String::from_utf8_lossy(&row.key).into_owned())
            } else {
                query.bind(row.key)
            };
            let work = async { Ok(query.execute(&mut *connection).await?) };
            self.db.write(work).await?;
            count += 1;
        }
        Ok(count)
    }
}

impl Sealer {
    fn with_first(&self, key: &MasterKey) -> Result<Self, StoreError> {
        Ok(self.with(Keyring::new(key, &[])?.joined(&self.keys)))
    }

    fn with_last(&self, key: &MasterKey) -> Result<Self, StoreError> {
        Ok(self.with(self.keys.joined(&Keyring::new(key, &[])?)))
    }
}
