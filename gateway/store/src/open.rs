//! Opening a store.

use crate::db::Db;
use crate::key::read_key;
use crate::lock::FileLock;
use crate::rescue::Rescue;
use crate::seal::{Keyring, MasterKey, key_id};
use crate::store::{StoreInner, commit};
use crate::table::Sealer;
use crate::{KeyError, OpenError, Store, StoreError, meta};
use gateway_model::{MasterKeySource, StoreOptions, StoreUrl};
use std::sync::{Arc, Mutex, RwLock};

/// The kind of process that opens a store. Either keeps every other process out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// The gateway.
    Exclusive,
    /// A command, while the gateway does not run.
    Offline,
}

/// The clear text of the key check.
const CHECK: &[u8] = b"this key opens this store";

impl Store {
    /// Opens a store, or creates it. After an error nothing has changed, except that an older schema
    /// may have been brought up to date.
    pub async fn open(options: &StoreOptions, access: Access) -> Result<Self, OpenError> {
        let in_memory = matches!(options.url, StoreUrl::Memory);
        let ephemeral = matches!(options.master_key, MasterKeySource::Ephemeral);
        // Refused before anything is made: a key in memory would seal a file for this process only.
        if ephemeral && !in_memory {
            return Err(KeyError::Fleeting.into());
        }
        // The lock first: opening the database already changes files of its own.
        let (kind, lock) = match &options.url {
            StoreUrl::Memory => ("memory", None),
            StoreUrl::Sqlite(path) => ("sqlite", Some(FileLock::take(path)?)),
            StoreUrl::Postgres(_) => ("postgres", None),
        };
        let db = Db::connect(&options.url).await?;
        let sealer = match unseal(&db, options).await {
            Ok(sealer) => sealer,
            Err(error) => {
                // Closed here, because an error must leave neither connection nor lock.
                db.close().await;
                return Err(error);
            }
        };
        // After the key is known to be right: a wrong one must not create files.
        let rescue = match &options.url {
            StoreUrl::Sqlite(path) => Some(Arc::new(Rescue::open(path)?)),
            StoreUrl::Memory | StoreUrl::Postgres(_) => None,
        };
        tracing::debug!(kind, ?access, keys = sealer.keys.ids(), "store open");
        let shared = StoreInner {
            kind,
            sealer: RwLock::new(sealer),
            quarantine: Mutex::default(),
            rescue,
            lock,
        };
        let store = Self {
            db,
            shared: Arc::new(shared),
        };
        // Before the store is used: a rescued answer may be the only copy of a refresh token.
        store.recover().await?;
        Ok(store)
    }
}

/// Reads the store's identity and keys, or gives them to a new store. Every store has a key check, so a
/// wrong key is not mistaken for an empty store.
async fn unseal(db: &Db, options: &StoreOptions) -> Result<Sealer, OpenError> {
    // One transaction, so that two processes on PostgreSQL cannot both make an identity.
    let mut tx = db.begin().await?;
    let id = meta::get(&mut tx, meta::STORE_ID).await?;
    let check = meta::get(&mut tx, meta::KEY_CHECK).await?;
    let (id, check) = match (id, check) {
        (None, None) => {
            let sealer = create(options).await?;
            let check = sealer
                .keys
                .seal(&sealer.place("meta", b"key_check"), CHECK)?;
            meta::put(&mut tx, meta::STORE_ID, &sealer.store_id).await?;
            meta::put(&mut tx, meta::KEY_CHECK, &check).await?;
            // Both in one transaction: an identity without a check would lock the operator out.
            commit(tx).await?;
            return Ok(sealer);
        }
        (Some(id), Some(check)) => (id, check),
        // A half means that somebody edited the table: guessing would seal over it.
        (Some(_), None) | (None, Some(_)) => return Err(damaged("a half")),
    };
    let store_id = id.try_into().map_err(|_| damaged("a malformed"))?;
    // A missing key file must not be made now: a new key opens nothing.
    let sealer = Sealer {
        keys: keyring(options, false).await?,
        store_id,
    };
    let opened = sealer.keys.open(&check_place(&sealer), &check);
    if opened.is_err() {
        return Err(OpenError::WrongKey {
            sealed_with: key_id(&check).map_or_else(|| "unknown".to_owned(), |id| id.to_string()),
            configured: sealer.keys.ids(),
        });
    }
    // An old key opened it: the first key takes the store over, so the old one can be retired.
    if !sealer.keys.is_current(&check) {
        let check = key_check(&sealer)?;
        meta::put(&mut tx, meta::KEY_CHECK, &check).await?;
    }
    commit(tx).await?;
    Ok(sealer)
}

fn check_place(sealer: &Sealer) -> Vec<u8> {
    sealer.place("meta", meta::KEY_CHECK.as_bytes())
}

/// The known text, sealed.
pub(crate) fn key_check(sealer: &Sealer) -> Result<Vec<u8>, StoreError> {
    sealer.keys.seal(&check_place(sealer), CHECK)
}

fn damaged(what: &str) -> OpenError {
    OpenError::Store(StoreError::Corrupt {
        what: "the store's identity".to_owned(),
        why: format!("it has {what} key check"),
    })
}

async fn create(options: &StoreOptions) -> Result<Sealer, OpenError> {
    let mut store_id = [0; 16];
    // Random, so that a ciphertext of one store opens in no other.
    crate::seal::random(&mut store_id)?;
    Ok(Sealer {
        keys: keyring(options, true).await?,
        store_id,
    })
}

async fn keyring(options: &StoreOptions, create: bool) -> Result<Keyring, OpenError> {
    let first = read_key(&options.master_key, create).await?;
    let mut others: Vec<MasterKey> = Vec::new();
    for source in &options.old_keys {
        others.push(read_key(source, false).await?);
    }
    Ok(Keyring::new(&first, &others)?)
}
