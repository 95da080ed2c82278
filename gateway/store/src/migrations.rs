//! Migrations from access keys.

use crate::audit::plain;
use crate::statement::query;
use crate::store::commit;
use crate::{MigrationRecord, Store, StoreError, Timestamp};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row as _};

type Result<T> = std::result::Result<T, StoreError>;

const ALL: &str =
    "SELECT id, created_at, ended_at, backup, items FROM key_migrations ORDER BY created_at, id";

impl Store {
    /// Every migration, oldest first.
    pub async fn migrations(&self) -> Result<Vec<MigrationRecord>> {
        let work = async {
            let mut connection = self.db.reader().await?;
            all(&mut connection).await
        };
        self.db.read(work).await
    }

    /// Adds or replaces a migration.
    pub async fn put_migration(&self, migration: &MigrationRecord) -> Result<()> {
        let work = async {
            let mut tx = self.db.begin().await?;
            put(&mut tx, migration).await?;
            commit(tx).await
        };
        self.db.write(work).await
    }
}

pub(crate) async fn put(connection: &mut AnyConnection, migration: &MigrationRecord) -> Result<()> {
    let sql = "INSERT INTO key_migrations (id, created_at, ended_at, backup, items) \
               VALUES ($1, $2, $3, $4, $5) ON CONFLICT (id) DO UPDATE SET \
               created_at = excluded.created_at, ended_at = excluded.ended_at, \
               backup = excluded.backup, items = excluded.items";
    let query = query(sql)
        .bind(plain(&migration.id))
        .bind(migration.created_at.0)
        .bind(migration.ended_at.map(|at| at.0))
        .bind(migration.backup.as_deref().map(plain))
        .bind(plain(&migration.items));
    query.execute(connection).await?;
    Ok(())
}

fn migration(row: &AnyRow) -> Result<MigrationRecord> {
    Ok(MigrationRecord {
        id: row.try_get(0)?,
        created_at: Timestamp(row.try_get(1)?),
        ended_at: row.try_get::<Option<i64>, _>(2)?.map(Timestamp),
        backup: row.try_get(3)?,
        items: row.try_get(4)?,
    })
}

/// Every migration, oldest first.
pub(crate) async fn all(connection: &mut AnyConnection) -> Result<Vec<MigrationRecord>> {
    let rows = query(ALL).fetch_all(connection).await?;
    rows.iter().map(migration).collect()
}
