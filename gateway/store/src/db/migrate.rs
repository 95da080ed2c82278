//! The schema.

use super::Backend;
use crate::{OpenError, StoreError};
use sqlx::AnyConnection;
use sqlx::migrate::{MigrateError, Migrator};

static SQLITE: Migrator = sqlx::migrate!("./migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("./migrations/postgres");

/// Brings the schema up to date, each step in a transaction; a newer one is refused (security
/// requirement S8).
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
    result.map_err(|error| match error {
        MigrateError::VersionMissing(found) => OpenError::Newer {
            found,
            known: known(migrator),
        },
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => {
            match StoreError::from(error) {
                // A table of that name is there, and it is not ours.
                StoreError::Internal { why } => OpenError::NotAStore {
                    path: place.to_owned(),
                    why,
                },
                other => other.into(),
            }
        }
        other => OpenError::NotAStore {
            path: place.to_owned(),
            why: other.to_string(),
        },
    })
}

fn known(migrator: &Migrator) -> i64 {
    migrator.iter().map(|step| step.version).max().unwrap_or(0)
}
