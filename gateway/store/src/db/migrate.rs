//! The schema.

use super::backend::Backend;
use crate::statement::query;
use crate::{OpenError, StoreError};
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::{AnyConnection, Row as _};

static SQLITE: Migrator = sqlx::migrate!("./migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("./migrations/postgres");

/// Brings the schema up to date, each step in a transaction; a newer one is refused.
pub(crate) async fn run(
    backend: Backend,
    connection: &mut AnyConnection,
    place: &str,
) -> Result<(), OpenError> {
    let migrator = match backend {
        Backend::Sqlite => &SQLITE,
        Backend::Postgres => &POSTGRES,
    };
    let result = migrator.run_direct(None, connection, false).await;
    let foreign = |why| OpenError::NotAStore {
        path: place.to_owned(),
        why,
    };
    #[expect(clippy::wildcard_enum_match_arm, reason = "the enum is open")]
    result.map_err(|error| match error {
        MigrateError::VersionMissing(found) => OpenError::Newer {
            found,
            known: known(migrator),
        },
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => {
            // A statement that does not run means that a foreign table of that name exists.
            match StoreError::from(error) {
                StoreError::Internal { why } => foreign(why),
                StoreError::Corrupt { why, .. } => foreign(why),
                other => other.into(),
            }
        }
        other => foreign(other.to_string()),
    })
}

/// Fails if a newer version of the program has changed the schema meanwhile.
pub(crate) async fn check(connection: &mut AnyConnection) -> Result<(), StoreError> {
    let row = query("SELECT max(version) FROM _sqlx_migrations");
    let found: i64 = row.fetch_one(connection).await?.try_get(0)?;
    let known = known(&SQLITE);
    if found > known {
        return Err(StoreError::Newer { found, known });
    }
    Ok(())
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
