//! Whether the database takes writes: one is made and rolled back.

use super::{Backend, Db, Tx, migrate};
use crate::seal::random;
use crate::{StoreError, meta};
use sqlx::Executor as _;

/// The row that is written and rolled back.
const ROW: &str = "write_probe";
/// How much is written, and how much room the disk must have.
// More than the largest change to a grant.
const BYTES: u64 = 64 << 10;
static TEXT: [u8; 64 << 10] = [0; 64 << 10];

/// SQLite keeps what is not committed in memory, up to the size of its cache. With a cache of one page
/// it writes to the disk at once, without `fsync`, so that a full disk shows.
const WITHOUT_CACHE: &str = "PRAGMA cache_size = 1";
/// SQLite's own default, in KiB.
const WITH_CACHE: &str = "PRAGMA cache_size = -2000";

impl Db {
    /// Tries a write, which is rolled back, and checks that the store is the one that was opened.
    pub(crate) async fn healthy(&self) -> Result<(), StoreError> {
        self.has_room()?;
        let probe = async {
            let mut tx = self.begin().await?;
            self.same_store(&mut tx).await?;
            match self.backend {
                Backend::Sqlite => {
                    tx.execute(WITHOUT_CACHE).await?;
                    let written = meta::put(&mut tx, ROW, &TEXT).await;
                    // Also after a failure: the connection goes on being used.
                    let restored = tx.execute(WITH_CACHE).await;
                    written?;
                    restored?;
                }
                Backend::Postgres => {
                    let mut own = [0; 8];
                    random(&mut own)?;
                    // A row of its own: another gateway that is frozen in its probe would be waited for. Small,
                    // because each one leaves a dead row for the server to clear away.
                    let row = format!("{ROW}_{:016x}", u64::from_be_bytes(own));
                    meta::put(&mut tx, &row, b"").await?;
                }
            }
            Ok(tx.rollback().await?)
        };
        self.write(probe).await
    }

    /// Fails if the database has become another store, an older copy, or one of a newer version.
    async fn same_store(&self, tx: &mut Tx) -> Result<(), StoreError> {
        // Before the database is asked: what is durable now is there by then.
        let mark = self.identity.mark();
        let asked = async {
            migrate::check(tx).await?;
            let id = meta::get(tx, meta::STORE_ID).await?;
            Ok::<_, StoreError>((id, meta::mark(tx).await?))
        };
        match asked.await {
            Ok((id, _)) if id.as_deref() != self.identity.store_id() => {
                Err(self.identity.lose("another store is in its place"))
            }
            Ok((_, found)) if found < mark => {
                let what = "an older copy of the store is in its place";
                Err(self.identity.lose(what))
            }
            Ok(_) => Ok(()),
            // The statement is right, so its table is gone.
            Err(StoreError::Internal { why }) => {
                let what = format!("its tables were deleted: {why}");
                Err(self.identity.lose(&what))
            }
            Err(error) => Err(error),
        }
    }

    /// Whether the disk has room. SQLite's journal may have some left on a full disk, so a write alone
    /// would show a full disk late.
    fn has_room(&self) -> Result<(), StoreError> {
        let Some(folder) = self.identity.folder() else {
            return Ok(());
        };
        // A file system that does not say is one more reason to try the write.
        let Ok(disk) = rustix::fs::statvfs(folder) else {
            return Ok(());
        };
        if disk.f_bavail.saturating_mul(disk.f_frsize) < BYTES {
            return Err(StoreError::Full);
        }
        Ok(())
    }
}
