//! Opening a store.

use crate::db::{Backend, Db, session::LockMode};
use crate::file::FileId;
use crate::fleet::changes::channel;
use crate::key::keyring;
use crate::key_ring::KeyRing;
use crate::lock::StoreLock;
use crate::rescue::Rescue;
use crate::seal::{key_id, random};
use crate::store::{StoreInner, commit};
use crate::table::Sealer;
use crate::{Access, KeyError, OpenError, Store, StoreError, creation, meta};
use gateway_model::{MasterKeySource, StoreOptions, StoreUrl};
use std::path::Path;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, RwLock};

/// The clear text of the key check.
const CHECK: &[u8] = b"this key opens this store";

impl Store {
    /// Opens a store, or makes it if `access` allows that. After an error nothing has changed, except that
    /// an older schema may have been brought up to date.
    pub async fn open(options: &StoreOptions, access: Access) -> Result<Self, OpenError> {
        let in_memory = matches!(options.url, StoreUrl::Memory);
        let ephemeral = matches!(options.master_key, MasterKeySource::Ephemeral);
        // Refused before anything is made: a key in memory would seal a file for this process only.
        if ephemeral && !in_memory {
            return Err(KeyError::Fleeting.into());
        }
        let (kind, database) = match &options.url {
            StoreUrl::Memory => ("memory", None),
            StoreUrl::Sqlite(path) => ("sqlite", Some(path.as_path())),
            StoreUrl::Postgres(_) => ("postgres", None),
        };
        // Before the lock makes the file.
        if let Some(database) = database.filter(|database| creation::is_absent(database)) {
            StoreLock::check_name(database)?;
            creation::may_be_made(options, access)?;
        }
        // The lock first: opening the database already changes files of its own.
        let lock = database.map(StoreLock::take).transpose()?;
        let mode = match access {
            Access::Gateway => LockMode::Shared,
            Access::Offline | Access::Create => LockMode::Exclusive,
        };
        let db = Db::connect(&options.url, options.listen_url.as_ref(), mode).await?;
        let (sealer, is_new) = match unseal(&db, options, access).await {
            Ok(opened) => opened,
            Err(error) => {
                // Closed here, because an error must leave neither connection nor lock.
                db.close().await;
                return Err(error);
            }
        };
        // After the key is known to be right: a wrong one must not create files.
        let rescue = database.map(Rescue::open).transpose()?.map(Arc::new);
        // Once all files are there.
        db.identity.remember(&sealer.store_id, database);
        same_file(database, lock.as_ref())?;
        db.listen(channel(&sealer.store_id)).await?;
        tracing::debug!(kind, ?access, keys = sealer.keys.ids(), "store open");
        let shared = StoreInner {
            kind,
            is_new,
            sealer: RwLock::new(sealer),
            quarantine: Mutex::default(),
            rescue,
            key_ring: KeyRing::new(options),
            membership: RwLock::default(),
            alone: mode == LockMode::Exclusive,
            origin: origin()?,
            misheard: AtomicU64::new(0),
            opened: AtomicU64::new(0),
            lock,
        };
        let store = Self {
            db,
            shared: Arc::new(shared),
        };
        // Before the store is used: a rescued answer may be the only copy of a refresh token.
        store.recover().await?;
        store.fill_lookups().await?;
        let mark = store.db.read(store.mark()).await?;
        store.db.identity.saw_mark(mark);
        Ok(store)
    }
}

fn origin() -> Result<u64, StoreError> {
    let mut bytes = [0; 8];
    random(&mut bytes)?;
    Ok(u64::from_be_bytes(bytes))
}

/// Fails if the locked file is not the one that was opened by its name.
fn same_file(database: Option<&Path>, lock: Option<&StoreLock>) -> Result<(), OpenError> {
    let locked = lock.and_then(StoreLock::file_id);
    if database.and_then(FileId::at) == locked {
        return Ok(());
    }
    let by = "another process, which replaced its file at this moment".to_owned();
    Err(OpenError::Locked { by })
}

/// Reads the store's identity and keys, or gives them to a new store; and whether it is new.
async fn unseal(
    db: &Db,
    options: &StoreOptions,
    access: Access,
) -> Result<(Sealer, bool), OpenError> {
    let mut tx = db.begin().await?;
    let id = meta::get(&mut tx, meta::STORE_ID).await?;
    let check = meta::get(&mut tx, meta::KEY_CHECK).await?;
    let (id, check) = match (id, check) {
        (None, None) => {
            drop(tx);
            let sealer = creation::create(db, options, access, key_check).await?;
            return Ok((sealer, true));
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
        lacks: None,
    };
    let opened = sealer.keys.open(&check_place(&sealer), &check);
    if opened.is_err() {
        return Err(OpenError::WrongKey {
            sealed_with: key_id(&check).map_or_else(|| "unknown".to_owned(), |id| id.to_string()),
            configured: sealer.keys.ids(),
        });
    }
    if matches!(db.backend, Backend::Postgres) && access == Access::Gateway {
        // The other gateways seal with this key, whichever this one's configuration names first.
        let keys = sealer
            .keys
            .led_by(&check)
            .unwrap_or_else(|| sealer.keys.clone());
        return Ok((sealer.with(keys), false));
    }
    // An old key opened it: the first key takes the store over, so the old one can be retired.
    if !sealer.keys.is_current(&check) {
        let check = key_check(&sealer)?;
        meta::put(&mut tx, meta::KEY_CHECK, &check).await?;
    }
    commit(tx).await?;
    Ok((sealer, false))
}

pub(crate) fn check_place(sealer: &Sealer) -> Vec<u8> {
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
