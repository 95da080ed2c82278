//! What a store knows about itself.

use crate::StoreError;
use crate::statement::query;
use sqlx::{AnyConnection, Row as _};

/// Sixteen random bytes; part of every ciphertext's place.
pub(crate) const STORE_ID: &str = "store_id";
/// There while a store is being made together with its key, so that a crash in between is not taken
/// for a lost store.
pub(crate) const CREATION: &str = "creation";
/// A known text under the master key.
pub(crate) const KEY_CHECK: &str = "key_check";
/// The oldest program that can use the schema, by the schema that it knows: 8 bytes.
pub(crate) const OLDEST_PROGRAM: &str = "oldest_program";

/// A value.
pub(crate) async fn get(
    connection: &mut AnyConnection,
    name: &str,
) -> Result<Option<Vec<u8>>, StoreError> {
    let query = query("SELECT value FROM meta WHERE name = $1").bind(name);
    let row = query.fetch_optional(connection).await?;
    Ok(row.map(|row| row.try_get(0)).transpose()?)
}

/// Removes a value.
pub(crate) async fn remove(connection: &mut AnyConnection, name: &str) -> Result<(), StoreError> {
    let query = query("DELETE FROM meta WHERE name = $1").bind(name);
    query.execute(connection).await?;
    Ok(())
}

/// Sets a value.
pub(crate) async fn put(
    connection: &mut AnyConnection,
    name: &str,
    value: &[u8],
) -> Result<(), StoreError> {
    let sql = "INSERT INTO meta (name, value) VALUES ($1, $2) \
               ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    query(sql)
        .bind(name)
        .bind(value)
        .execute(connection)
        .await?;
    Ok(())
}

/// Counts presentations and logins; the rescue file has it too, so that an older copy of the
/// database is noticed.
pub(crate) const MARK: &str = "mark";

/// The mark; 0 in a store that never presented anything.
pub(crate) async fn mark(connection: &mut AnyConnection) -> Result<u64, StoreError> {
    match get(connection, MARK).await? {
        // Before the first presentation there is no mark, and a mark of zero is never ahead.
        None => Ok(0),
        Some(bytes) => match bytes.try_into() {
            Ok(bytes) => Ok(u64::from_be_bytes(bytes)),
            Err(_) => Err(StoreError::Corrupt {
                what: "meta/mark".to_owned(),
                why: "it is not 8 bytes".to_owned(),
            }),
        },
    }
}
