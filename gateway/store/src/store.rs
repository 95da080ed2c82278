//! The store's handle: reading and writing sealed rows.

use crate::db::{Db, Tx};
use crate::key_ring::KeyRing;
use crate::lock::StoreLock;
use crate::membership::Membership;
use crate::rescue::Rescue;
use crate::table::{self, Damage, Sealed, SealedRow, Sealer};
use crate::{
    AccountRecord, AdminTokenRecord, AppRecord, ConsentRecord, GrantRecord, InvitationRecord,
    LegacyKeyRecord, ManifestRecord, StoreError, meta,
};
use gateway_model::AccountId;
use sqlx::AnyConnection;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

/// What the gateway remembers. Cheap to clone; every clone is the same store.
#[derive(Clone)]
pub struct Store {
    pub(crate) db: Db,
    pub(crate) shared: Arc<StoreInner>,
}

/// What all clones of a store share.
pub(crate) struct StoreInner {
    pub(crate) kind: &'static str,
    /// It was made when it was opened.
    pub(crate) is_new: bool,
    pub(crate) sealer: RwLock<Sealer>,
    pub(crate) key_ring: KeyRing,
    pub(crate) quarantine: Mutex<BTreeMap<String, Quarantined>>,
    pub(crate) rescue: Option<Arc<Rescue>>,
    /// This process in the fleet, while it is a member.
    pub(crate) membership: RwLock<Option<Arc<Membership>>>,
    /// No other process can use the store now, although its database is one that several gateways can share.
    pub(crate) alone: bool,
    /// Tells this process's own messages apart.
    pub(crate) origin: u64,
    /// Messages that could not be read.
    pub(crate) misheard: AtomicU64,
    /// Records that were opened, for tests and benches.
    pub(crate) opened: AtomicU64,
    /// Held until the store is closed.
    pub(crate) lock: Option<StoreLock>,
}

/// A record that does not open. Others are not affected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quarantined {
    /// Its table and key: `grants/main`.
    pub row: String,
    /// The account that cannot be served, if the record is an account's own or its grant.
    pub account: Option<AccountId>,
    /// What is wrong with it.
    pub reason: String,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Store({})", self.shared.kind)
    }
}

impl Store {
    /// `memory`, `sqlite` or `postgres`.
    pub fn kind(&self) -> &'static str {
        self.shared.kind
    }

    /// Whether this store was made when it was opened.
    pub fn is_new(&self) -> bool {
        self.shared.is_new
    }

    /// Whether the database is the one that was opened, and takes writes: one is tried and rolled back.
    pub async fn healthy(&self) -> Result<(), StoreError> {
        // The key may have arrived since the gateway found that it lacks it.
        if self.sealer().check().is_err() {
            self.with_further_keys().await.check()?;
        }
        self.db.healthy().await
    }

    /// Ends every connection and releases the store's lock. Other clones fail from then on.
    pub async fn close(self) {
        // A gateway that only ends its connections would own its accounts until its lease ends.
        if let Err(error) = self.leave().await {
            tracing::debug!(%error, "the other gateways learn from the lease that this one has ended");
        }
        self.db.close().await;
        if let Some(lock) = &self.shared.lock {
            // At once, although other clones may live on: the next process may be waiting.
            lock.release();
        }
    }

    /// The records that do not open. Every sealed table is read for it, as far as the database
    /// answers.
    pub async fn quarantined(&self) -> Vec<Quarantined> {
        let scan = async {
            self.read_each(|_: AccountRecord| ()).await?;
            self.read_each(|_: GrantRecord| ()).await?;
            self.read_each(|_: AppRecord| ()).await?;
            self.read_each(|_: LegacyKeyRecord| ()).await
        };
        self.quarantined_after(scan).await
    }

    /// Like [`quarantined`](Self::quarantined), right after all accounts, grants, apps and retired keys
    /// were read: only the other tables are read for it.
    pub async fn quarantined_once_listed(&self) -> Vec<Quarantined> {
        self.quarantined_after(async { Ok(()) }).await
    }

    async fn quarantined_after(
        &self,
        scan: impl Future<Output = Result<(), StoreError>>,
    ) -> Vec<Quarantined> {
        let scan = async {
            scan.await?;
            self.read_each(|_: AdminTokenRecord| ()).await?;
            self.read_each(|_: ManifestRecord| ()).await?;
            self.read_each(|_: ConsentRecord| ()).await?;
            self.read_each(|_: InvitationRecord| ()).await
        };
        if let Err(error) = scan.await {
            // What was found until then is told: half a list is better than none.
            tracing::warn!(%error, "the store could not be read through");
        }
        let list = self.shared.quarantine.lock();
        let list = list.unwrap_or_else(PoisonError::into_inner);
        list.values().cloned().collect()
    }

    /// Whether the store is still where it was opened. Nothing is asked of the database.
    ///
    /// # Errors
    /// [`StoreError::Lost`], with what happened to it.
    pub fn in_place(&self) -> Result<(), StoreError> {
        self.db.identity.check()
    }

    /// The mark of the database.
    pub(crate) async fn mark(&self) -> Result<u64, StoreError> {
        let mut connection = self.db.reader().await?;
        meta::mark(&mut connection).await
    }

    pub(crate) fn sealer(&self) -> Sealer {
        let sealer = self.shared.sealer.read();
        sealer.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Notes that a row does not open.
    pub(crate) fn quarantine(&self, damage: &Damage) {
        let row = damage.row();
        // Only these two keep an account from being served; other damage is the operator's alone.
        let owned = matches!(damage.table, "accounts" | "grants");
        let name = std::str::from_utf8(&damage.key).ok().filter(|_| owned);
        let entry = Quarantined {
            row: row.clone(),
            account: name.and_then(|name| name.parse().ok()),
            reason: damage.why.clone(),
        };
        let list = self.shared.quarantine.lock();
        let mut list = list.unwrap_or_else(PoisonError::into_inner);
        // One line for each row, however often it is read.
        if list.insert(row, entry).is_none() {
            tracing::error!(
                row = damage.row(),
                why = damage.why,
                "a record does not open"
            );
        }
    }

    /// Takes a row off the list: it was replaced or removed.
    pub(crate) fn acquit<T: Sealed>(&self, key: &[u8]) {
        let damage = Damage {
            table: T::TABLE,
            key: key.to_vec(),
            why: String::new(),
        };
        let list = self.shared.quarantine.lock();
        list.unwrap_or_else(PoisonError::into_inner)
            .remove(&damage.row());
    }

    /// The record in one row.
    pub(crate) async fn get<T: Sealed>(
        &self,
        connection: &mut AnyConnection,
        key: &[u8],
    ) -> Result<Option<T>, StoreError> {
        let Some(row) = table::one::<T>(connection, key).await? else {
            return Ok(None);
        };
        self.open_row(&row).await.map(Some)
    }

    /// The record in a row. Keys are looked for again if its key is not known.
    pub(crate) async fn open_row<T: Sealed>(&self, row: &SealedRow) -> Result<T, StoreError> {
        let sealer = self.sealer_for(std::slice::from_ref(row)).await?;
        self.shared.opened.fetch_add(1, Ordering::Relaxed);
        sealer.open::<T>(row).map_err(|damage| {
            self.quarantine(&damage);
            damage.into()
        })
    }

    /// The record in one row; `None`, and quarantined, if it does not open.
    pub(crate) async fn sound<T: Sealed>(
        &self,
        connection: &mut AnyConnection,
        key: &[u8],
    ) -> Result<Option<T>, StoreError> {
        match self.get(connection, key).await {
            Err(StoreError::Corrupt { .. }) => Ok(None),
            found => found,
        }
    }

    /// Every record of a table that opens; the others are quarantined. For a transaction that needs
    /// them all at one moment.
    pub(crate) async fn list<T: Sealed>(
        &self,
        connection: &mut AnyConnection,
    ) -> Result<Vec<T>, StoreError> {
        let rows = table::all::<T>(self.db.backend, connection).await?;
        let sealer = self.sealer_for(&rows).await?;
        let records = rows.iter().filter_map(|row| self.opened(&sealer, row));
        Ok(records.collect())
    }

    /// The record in a row; `None`, and quarantined, if it does not open.
    pub(crate) fn opened<T: Sealed>(&self, sealer: &Sealer, row: &SealedRow) -> Option<T> {
        self.shared.opened.fetch_add(1, Ordering::Relaxed);
        let record = sealer.open::<T>(row);
        record.map_err(|damage| self.quarantine(&damage)).ok()
    }

    /// Reads one row.
    pub(crate) async fn read_one<T: Sealed>(&self, key: &[u8]) -> Result<Option<T>, StoreError> {
        self.db.read(self.fetch(key)).await
    }

    /// Reads one row, behind those that are read for all other accounts.
    pub(crate) async fn read_in_crowd<T: Sealed>(
        &self,
        key: &[u8],
    ) -> Result<Option<T>, StoreError> {
        self.db.read_in_crowd(self.fetch(key)).await
    }

    async fn fetch<T: Sealed>(&self, key: &[u8]) -> Result<Option<T>, StoreError> {
        let mut connection = self.db.reader().await?;
        self.get(&mut connection, key).await
    }
}

/// Makes a transaction durable.
pub(crate) async fn commit(tx: Tx) -> Result<(), StoreError> {
    Ok(tx.commit().await?)
}
