//! PostgreSQL: the settings that make it durable, and the lock that keeps other gateways out.

use super::backend::{ACQUIRE, Backend, DEADLINE, READERS};
use super::{identity::Identity, migrate};
use crate::{OpenError, StoreError, meta};
use gateway_model::Secret;
use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::{AnyConnection, AnyPool, ConnectOptions as _, Connection as _, Executor as _, Row as _};
use std::sync::Arc;
use std::time::Duration;
use tracing::log::LevelFilter;

/// Names this lock among the advisory locks of the database; the schema's name is the other half.
// "Wayb" in ASCII; chosen once and never changed, or two versions would not exclude each other.
const LOCK: i32 = 0x5761_7962;

/// Attempts to take a lock that is held, a tenth of a second apart.
// Two seconds: a killed gateway's session is gone by then.
const PATIENCE: u32 = 20;

const TAKE: &str = "SELECT pg_try_advisory_lock($1, hashtext(current_schema()))";
const HOLDER: &str = "SELECT concat_ws(' ', a.application_name, 'from', \
     coalesce(host(a.client_addr), 'this machine'), 'since', a.backend_start::text) \
     FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid \
     WHERE l.locktype = 'advisory' AND l.granted AND l.classid::bigint = $1 \
     AND a.datname = current_database() AND a.pid <> pg_backend_pid() LIMIT 1";
const HELD: &str = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted \
     AND classid::bigint = $1 AND pid = pg_backend_pid()";

/// Settings that must not be off, and what to do when they are.
const DEMANDED: &[(&str, &str)] = &[
    ("fsync", "set `fsync = on` on the server"),
    (
        "full_page_writes",
        "set `full_page_writes = on` on the server",
    ),
    (
        "synchronous_commit",
        "set it for the role: `ALTER ROLE waybill SET synchronous_commit = on`",
    ),
];

/// The writer's pool and the readers'.
pub(super) async fn open(
    url: &Secret,
    identity: &Arc<Identity>,
) -> Result<(AnyPool, AnyPool), OpenError> {
    let options: AnyConnectOptions = url.expose().parse().map_err(|_| {
        OpenError::Settings("the store's `postgres://` URL cannot be read".to_owned())
    })?;
    // Statements carry values only as parameters, but even their text need not be in the log.
    let options = options.log_statements(LevelFilter::Trace);
    // A first connection without the pool, which reports a held lock and an unreachable database in
    // the same way: it keeps trying until it times out.
    let connect = tokio::time::timeout(DEADLINE, options.connect());
    let mut first = connect.await.map_err(|_| StoreError::Unavailable {
        why: "no connection within 5 seconds".to_owned(),
    })??;
    verify(&mut first).await?;
    lock(&mut first).await?;
    // Close it first: the lock is the session's, and the writer takes it again.
    first.close().await?;
    let writer = pool(1, true, identity)
        .connect_with(options.clone())
        .await?;
    let mut connection = writer.acquire().await?;
    migrate::run(Backend::Postgres, &mut connection, "the database").await?;
    drop(connection);
    let readers = pool(READERS, false, identity).connect_with(options).await?;
    Ok((writer, readers))
}

/// Takes the lock, or returns an error that names its holder. It waits for a moment, because the server
/// notices the end of a killed holder a little late.
async fn lock(connection: &mut AnyConnection) -> Result<(), OpenError> {
    for _ in 0..PATIENCE {
        if take(connection).await? {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let holder = sqlx::query(HOLDER).bind(i64::from(LOCK));
    let holder = holder.fetch_optional(connection).await?;
    let by = holder.map(|row| row.try_get(0)).transpose()?;
    Err(OpenError::Locked {
        by: by.unwrap_or_else(|| "another gateway".to_owned()),
    })
}

async fn take(connection: &mut AnyConnection) -> Result<bool, sqlx::Error> {
    let row = sqlx::query(TAKE).bind(LOCK).fetch_one(connection).await?;
    row.try_get(0)
}

/// Fails if the session that writes does not hold the lock.
pub(super) async fn check_lock(connection: &mut AnyConnection) -> Result<(), StoreError> {
    let query = sqlx::query(HELD).bind(i64::from(LOCK));
    let held: i64 = query.fetch_one(connection).await?.try_get(0)?;
    if held > 0 {
        return Ok(());
    }
    let why = "its session does not hold the store's lock; a pooler must be in session mode";
    Err(StoreError::Unavailable {
        why: why.to_owned(),
    })
}

fn pool(size: u32, locks: bool, identity: &Arc<Identity>) -> AnyPoolOptions {
    let identity = Arc::clone(identity);
    let pool = AnyPoolOptions::new()
        .max_connections(size)
        .acquire_timeout(ACQUIRE)
        // A connection is kept for as long as it works: a new one has to take the lock again.
        .max_lifetime(None)
        .after_connect(move |connection, _| {
            let identity = Arc::clone(&identity);
            Box::pin(async move { prepare(connection, locks, &identity).await })
        });
    // Never close the writer's idle connection: it holds the lock.
    if locks {
        pool.idle_timeout(None)
    } else {
        pool.idle_timeout(Duration::from_secs(300))
    }
}

/// Readies a connection; the writer's takes the lock. A lock that is taken ends the connection.
async fn prepare(
    connection: &mut AnyConnection,
    locks: bool,
    identity: &Identity,
) -> Result<(), sqlx::Error> {
    let name = format!(
        "SET application_name = 'waybill (process {})'",
        std::process::id()
    );
    connection.execute(sqlx::AssertSqlSafe(name)).await?;
    // Also on the server: a statement that was given up here must not go on there.
    let limit = DEADLINE.as_millis();
    let limits = format!(
        "SET statement_timeout = {limit}; SET idle_in_transaction_session_timeout = {limit}"
    );
    connection.execute(sqlx::AssertSqlSafe(limits)).await?;
    // After a reconnect too: another gateway may have taken the lock meanwhile.
    if locks && !take(connection).await? {
        let why = "another gateway has this store's lock";
        return Err(sqlx::Error::Protocol(why.to_owned()));
    }
    // A database of that name may be another one by now. A damaged table shows in the next call.
    if let Some(id) = identity.store_id()
        && let Ok(found) = meta::get(connection, meta::STORE_ID).await
        && found.as_deref() != Some(id)
    {
        let lost = identity.lose("another store is in its place");
        return Err(sqlx::Error::Protocol(lost.to_string()));
    }
    Ok(())
}

/// Asks the server for its effective settings.
async fn verify(connection: &mut AnyConnection) -> Result<(), OpenError> {
    for (setting, way_out) in DEMANDED {
        let query = sqlx::query("SELECT current_setting($1)").bind(*setting);
        let value: String = query.fetch_one(&mut *connection).await?.try_get(0)?;
        // Only `off` is refused: PostgreSQL knows several other words that are durable.
        if value == "off" {
            return Err(OpenError::NotDurable {
                what: format!("PostgreSQL's {setting} is off"),
                way_out,
            });
        }
    }
    Ok(())
}
