//! Making a new store. A store that was lost must not be taken for a first start: its key, without it,
//! is the sign.

use crate::db::Db;
use crate::seal::random;
use crate::store::commit;
use crate::table::Sealer;
use crate::{Access, KeyError, OpenError, key, meta};
use gateway_model::{MasterKeySource, StoreOptions, StoreUrl};
use std::path::Path;

/// Whether an SQLite database holds nothing yet: it is not there, or empty.
pub(crate) fn is_absent(database: &Path) -> bool {
    std::fs::metadata(database).map_or(true, |meta| meta.len() == 0)
}

/// Fails if a store that is not there may not be made.
pub(crate) fn may_be_made(options: &StoreOptions, access: Access) -> Result<(), OpenError> {
    let place = || match &options.url {
        StoreUrl::Memory => "memory".to_owned(),
        StoreUrl::Sqlite(path) => path.display().to_string(),
        StoreUrl::Postgres(_) => "the PostgreSQL database".to_owned(),
    };
    match (access, &options.master_key) {
        // A store in memory is made each time.
        (_, MasterKeySource::Ephemeral) | (Access::Create, _) => Ok(()),
        (Access::Offline, _) => Err(OpenError::NoStore { place: place() }),
        (Access::Gateway, source) if key::is_there(source) => Err(OpenError::KeyWithoutStore {
            place: place(),
            key: key::describe(source),
        }),
        // A key file is made together with the store; a variable cannot be.
        (Access::Gateway, MasterKeySource::Env(_)) => Err(KeyError::Missing {
            from: key::describe(&options.master_key),
            why: "is not set".to_owned(),
        }
        .into()),
        (Access::Gateway, MasterKeySource::File(_) | MasterKeySource::Command(_)) => Ok(()),
    }
}

/// Makes the identity and the key of a new store. Every store has a key check, so a wrong key is not
/// mistaken for an empty store.
pub(crate) async fn create(
    db: &Db,
    options: &StoreOptions,
    access: Access,
    key_check: impl FnOnce(&Sealer) -> Result<Vec<u8>, crate::StoreError>,
) -> Result<Sealer, OpenError> {
    let mut tx = db.begin().await?;
    // A start that was killed after it had made the key goes on here.
    if meta::get(&mut tx, meta::CREATION).await?.is_none() {
        may_be_made(options, access)?;
        // Durable before the key is made.
        meta::put(&mut tx, meta::CREATION, b"").await?;
        commit(tx).await?;
        tx = db.begin().await?;
    }
    let mut store_id = [0; 16];
    // Random, so that a ciphertext of one store opens in no other.
    random(&mut store_id)?;
    let sealer = Sealer {
        keys: key::keyring(options, true).await?,
        store_id,
        lacks: None,
    };
    // All in one transaction: an identity without a check would lock the operator out.
    meta::put(&mut tx, meta::STORE_ID, &sealer.store_id).await?;
    meta::put(&mut tx, meta::KEY_CHECK, &key_check(&sealer)?).await?;
    meta::remove(&mut tx, meta::CREATION).await?;
    commit(tx).await?;
    Ok(sealer)
}
