//! The schema.

use super::backend::Backend;
use crate::statement::query;
use crate::{OpenError, StoreError, meta};
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::{AnyConnection, Row as _};

// `supported` decides about steps that this program does not know.
static SQLITE: Migrator = Migrator {
    ignore_missing: true,
    ..sqlx::migrate!("./migrations/sqlite")
};
static POSTGRES: Migrator = Migrator {
    ignore_missing: true,
    ..sqlx::migrate!("./migrations/postgres")
};

/// The oldest program, by the schema it knows, that can use the schema of this one. A step that only adds
/// leaves it; a step that removes something or changes a meaning raises it.
const OLDEST_PROGRAM: i64 = 4;

/// Brings the schema up to date, each step in a transaction. A newer one is left as it is, and refused unless
/// it says that this program can use it.
pub(crate) async fn run(
    backend: Backend,
    connection: &mut AnyConnection,
    place: &str,
) -> Result<(), OpenError> {
    let migrator = match backend {
        Backend::Sqlite => &SQLITE,
        Backend::Postgres => &POSTGRES,
    };
    let foreign = |why| OpenError::NotAStore {
        path: place.to_owned(),
        why,
    };
    #[expect(clippy::wildcard_enum_match_arm, reason = "every other error stays")]
    let ours = |error| match error {
        // A statement that does not run means that a foreign table of that name exists.
        StoreError::Internal { why } | StoreError::Corrupt { why, .. } => foreign(why),
        other => other.into(),
    };
    let found = match newest_step(connection).await {
        Ok(found) => found,
        // Without the table there is no schema yet.
        Err(StoreError::Internal { .. }) => 0,
        Err(error) => return Err(error.into()),
    };
    // Before the first step: a store that is not ours to use stays as it is.
    supported(connection, found).await.map_err(ours)?;
    if found > known(migrator) {
        tracing::warn!(
            found,
            known = known(migrator),
            "a newer version of Waybill has changed the store's schema; this version can still use it"
        );
    }
    let result = migrator.run_direct(None, connection, false).await;
    #[expect(clippy::wildcard_enum_match_arm, reason = "the enum is open")]
    result.map_err(|error| match error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => {
            ours(StoreError::from(error))
        }
        other => foreign(other.to_string()),
    })?;
    if found < known(migrator) {
        let oldest = OLDEST_PROGRAM.to_be_bytes();
        meta::put(connection, meta::OLDEST_PROGRAM, &oldest).await?;
    }
    Ok(())
}

/// Fails if a newer version of the program has changed the schema meanwhile, and this one cannot use it.
pub(crate) async fn check(connection: &mut AnyConnection) -> Result<(), StoreError> {
    let found = newest_step(connection).await?;
    supported(connection, found).await
}

/// Fails if a newer schema does not say that this program can use it.
async fn supported(connection: &mut AnyConnection, found: i64) -> Result<(), StoreError> {
    let known = schema_version();
    if found <= known {
        return Ok(());
    }
    let oldest = meta::get(connection, meta::OLDEST_PROGRAM).await?;
    let oldest = oldest.and_then(|bytes| bytes.try_into().ok());
    if oldest.is_some_and(|oldest| i64::from_be_bytes(oldest) <= known) {
        return Ok(());
    }
    Err(StoreError::Newer { found, known })
}

async fn newest_step(connection: &mut AnyConnection) -> Result<i64, StoreError> {
    let row = query("SELECT max(version) FROM _sqlx_migrations");
    Ok(row.fetch_one(connection).await?.try_get(0)?)
}

/// Whether there is nothing to bring up to date. Nothing is changed.
pub(super) async fn is_current(connection: &mut AnyConnection) -> bool {
    let asked = query("SELECT max(version) FROM _sqlx_migrations").fetch_one(connection);
    let found = asked.await.and_then(|row| row.try_get::<i64, _>(0));
    found.is_ok_and(|found| found >= known(&POSTGRES))
}

/// The newest schema that this program knows; both databases count alike.
pub fn schema_version() -> i64 {
    known(&SQLITE)
}

fn known(migrator: &Migrator) -> i64 {
    migrator.iter().map(|step| step.version).max().unwrap_or(0)
}
