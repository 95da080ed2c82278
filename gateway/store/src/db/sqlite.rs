//! SQLite: the file, and the settings that make it durable.

use super::backend::{ACQUIRE, Backend, READERS};
use super::{identity::Identity, migrate};
use crate::{OpenError, StoreError};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::{AnyConnection, AnyPool, ConnectOptions as _, Connection as _, Executor as _, Row as _};
use std::path::Path;
use std::sync::Arc;
use tracing::log::LevelFilter;

/// `synchronous=FULL` is what makes a commit in WAL mode survive a loss of power.
// A file put here by another hand may hold triggers and views that call functions, so its schema is not
// trusted. Deleted secrets are overwritten and not left in free pages.
const SETTINGS: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
     PRAGMA foreign_keys = ON; PRAGMA busy_timeout = 3000; PRAGMA trusted_schema = OFF; \
     PRAGMA cell_size_check = ON; PRAGMA secure_delete = ON;";

/// The answers that a connection must give after that.
const DEMANDED: &[(&str, &str, &str)] = &[
    ("PRAGMA journal_mode", "journal_mode", "wal"),
    ("PRAGMA synchronous", "synchronous", "2"),
    ("PRAGMA foreign_keys", "foreign_keys", "1"),
];

const IN_PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'.')
    .remove(b'-')
    .remove(b'_');

/// A database that ends with the pool.
pub(super) async fn memory() -> Result<AnyPool, OpenError> {
    let pool = AnyPoolOptions::new()
        // Exactly one connection: each one would have a database of its own.
        .max_connections(1)
        .min_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        .acquire_timeout(ACQUIRE)
        .connect_with(options("sqlite::memory:")?)
        .await?;
    let mut connection = pool.acquire().await?;
    // WAL and its checks do not apply to memory.
    connection.execute("PRAGMA foreign_keys = ON").await?;
    migrate::run(Backend::Sqlite, &mut connection, "memory").await?;
    drop(connection);
    Ok(pool)
}

/// A first connection, the writer's pool and the readers'. The file is there: the lock is on it.
pub(super) async fn open(
    path: &Path,
    identity: &Arc<Identity>,
) -> Result<(AnyConnection, AnyPool, AnyPool), OpenError> {
    let place = path.display().to_string();
    let Some(text) = path.to_str() else {
        return Err(OpenError::Settings(format!(
            "{place}: the store's path must be UTF-8"
        )));
    };
    // Encoded, since a path may hold characters that mean something in a URL.
    let text = utf8_percent_encode(text, IN_PATH);
    // `mode=rw`: a missing file is an error and no new store.
    let options = options(&format!("sqlite://{text}?mode=rw"))?;
    // A first connection without a pool, which would keep trying instead of saying what is wrong.
    let mut first = options
        .connect()
        .await
        .map_err(|error| name(error, &place))?;
    // On the first connection by itself: the journal mode is kept in the file.
    let settings = first.execute(SETTINGS).await;
    settings.map_err(|error| name(error, &place))?;
    verify(&mut first).await?;
    migrate::run(Backend::Sqlite, &mut first, &place).await?;
    let writer = pool(1, options.clone(), identity).await?;
    let readers = pool(READERS, options, identity).await?;
    Ok((first, writer, readers))
}

fn options(url: &str) -> Result<AnyConnectOptions, StoreError> {
    let options: AnyConnectOptions = url.parse()?;
    Ok(options.log_statements(LevelFilter::Trace))
}

async fn pool(
    size: usize,
    options: AnyConnectOptions,
    identity: &Arc<Identity>,
) -> Result<AnyPool, sqlx::Error> {
    let identity = Arc::clone(identity);
    let size = u32::try_from(size).unwrap_or(u32::MAX);
    let pool = AnyPoolOptions::new()
        .max_connections(size)
        .acquire_timeout(ACQUIRE)
        .idle_timeout(None)
        .max_lifetime(None)
        // Drop a connection that sqlx believes to be in a transaction: SQLite ends one by itself when the
        // disk is full, sqlx does not notice, and the connection would accept no other.
        .before_acquire(|connection, _| {
            let stuck = connection.is_in_transaction();
            Box::pin(async move { Ok(!stuck) })
        })
        // Most settings are a connection's own, so each one sets them.
        .after_connect(move |connection, _| {
            // A connection goes by the file's name: it must not open what has replaced the store.
            let same = identity.check();
            Box::pin(async move {
                same.map_err(|lost| sqlx::Error::Protocol(lost.to_string()))?;
                connection.execute(SETTINGS).await.map(|_| ())
            })
        });
    pool.connect_with(options).await
}

fn name(error: sqlx::Error, place: &str) -> OpenError {
    let path = place.to_owned();
    let error = StoreError::from(error);
    if let StoreError::Corrupt { why, .. } = error {
        OpenError::NotAStore { path, why }
    } else if let StoreError::Unavailable { why } = error {
        OpenError::Permission { path, why }
    } else if matches!(error, StoreError::ReadOnly) {
        let why = "it may only be read".to_owned();
        OpenError::Permission { path, why }
    } else {
        error.into()
    }
}

/// Asks the connection for its effective settings.
async fn verify(connection: &mut AnyConnection) -> Result<(), OpenError> {
    for (question, setting, demanded) in DEMANDED {
        let row = connection.fetch_one(*question).await?;
        // Some settings answer with a number and some with a word.
        let answer = match row.try_get::<i64, _>(0) {
            Ok(number) => number.to_string(),
            Err(_) => row.try_get::<String, _>(0)?,
        };
        if answer != *demanded {
            return Err(OpenError::NotDurable {
                what: format!("SQLite's {setting} is {answer} and not {demanded}"),
                way_out: "put the store on a local file system (WAL needs shared memory)",
            });
        }
    }
    Ok(())
}
