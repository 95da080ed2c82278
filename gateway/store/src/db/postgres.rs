//! PostgreSQL: its connections, and the settings that make it durable.
//!
//! Statements come in transactions that carry their own limits and keep nothing in the session, so that a
//! pooler in transaction mode may stand in between. What needs a session is in [`session`](super::session).

use super::backend::{ACQUIRE, Backend, DEADLINE, READERS, URGENT};
use super::session::{LockMode, NewSession};
use super::{identity::Identity, migrate};
use crate::statement::query;
use crate::{OpenError, StoreError};
use gateway_model::Secret;
use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::{AnyConnection, AnyPool, ConnectOptions as _, Connection as _, Executor as _, Row as _};
use std::sync::Arc;
use std::time::Duration;
use tracing::log::LevelFilter;

/// Names the store's lock among the advisory locks of the database; the schema's name is the other half.
// "Wayb" in ASCII; chosen once and never changed, or two versions would not exclude each other.
pub(super) const LOCK: i32 = 0x5761_7962;

/// Each starts a transaction. The limits are the transaction's own: a statement that was given up here must not
/// go on on the server, and a pooler may give the next transaction another session.
pub(super) const BEGIN: &str = "BEGIN; SET LOCAL statement_timeout = 5000; \
     SET LOCAL idle_in_transaction_session_timeout = 5000";
pub(super) const READ: &str = "BEGIN READ ONLY; SET LOCAL statement_timeout = 5000; \
     SET LOCAL idle_in_transaction_session_timeout = 5000";
pub(super) const SNAPSHOT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; \
     SET LOCAL statement_timeout = 5000";

/// Without parameters, so that it is one message of the protocol, which a pooler does not tear apart.
const STORE_ID: &str = "SELECT encode(value, 'hex') FROM meta WHERE name = 'store_id'";

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

/// The open database.
pub(super) struct Opened {
    pub(super) writer: AnyPool,
    pub(super) readers: AnyPool,
    /// `None` if the database is reached only through a pooler in transaction mode.
    pub(super) session: Option<NewSession>,
}

/// Connects, takes the lock, and brings the schema up to date.
pub(super) async fn open(
    url: &Secret,
    listen_url: Option<&Secret>,
    mode: LockMode,
    identity: &Arc<Identity>,
) -> Result<Opened, OpenError> {
    let options = parse(url)?;
    let mut first = connect(&options).await?;
    verify(&mut first).await?;
    let direct = listen_url.unwrap_or(url);
    let mut session = NewSession::connect(direct, mode).await?;
    let session = if session.hears(connect(&options).await?).await? {
        session.lock().await?;
        let mut direct = connect(&parse(direct)?).await?;
        migrate::run(Backend::Postgres, &mut direct, "the database").await?;
        direct.close().await?;
        Some(session)
    } else {
        without_session(&mut first, mode).await?;
        None
    };
    if mode == LockMode::Exclusive {
        refuse_living(&mut first).await?;
    }
    first.close().await?;
    let writer = pool(1, identity).connect_with(options.clone()).await?;
    let readers = pool(READERS + URGENT, identity)
        .connect_with(options)
        .await?;
    Ok(Opened {
        writer,
        readers,
        session,
    })
}

/// Goes on through a pooler in transaction mode, if that is enough.
async fn without_session(first: &mut AnyConnection, mode: LockMode) -> Result<(), OpenError> {
    if mode == LockMode::Exclusive {
        let why = "the database is reached through a pooler in transaction mode, which cannot keep \
                   gateways out of the store; set `listen_url` of [store] to a URL without the pooler";
        return Err(OpenError::Settings(why.to_owned()));
    }
    // Held until the end of this transaction only: it shows whether somebody has the store for himself.
    let mut tx = first.begin_with(READ).await?;
    let sql = "SELECT pg_try_advisory_xact_lock_shared($1, hashtext(current_schema()))";
    let free: bool = query(sql)
        .bind(LOCK)
        .fetch_one(&mut *tx)
        .await?
        .try_get(0)?;
    if !free {
        let by = "a command or an older gateway, which has the store for itself".to_owned();
        return Err(OpenError::Locked { by });
    }
    if !migrate::is_current(&mut tx).await {
        let why = "the store's schema has to be brought up to date, which a pooler in transaction mode \
                   does not allow; set `listen_url` of [store] to a URL without the pooler";
        return Err(OpenError::Settings(why.to_owned()));
    }
    tx.rollback().await?;
    tracing::warn!(
        "the store's database is reached through a pooler in transaction mode, so this gateway hears of the \
         changes of other gateways only by comparing, every two seconds; set `listen_url` of [store] to a URL \
         without the pooler"
    );
    Ok(())
}

/// Fails while a gateway lives that holds no lock, because it is behind a pooler.
async fn refuse_living(first: &mut AnyConnection) -> Result<(), OpenError> {
    let sql = "SELECT name || ', a gateway since ' || started_at::text FROM replicas \
               WHERE NOT dead AND until > clock_timestamp() ORDER BY started_at LIMIT 1";
    let mut tx = first.begin_with(READ).await?;
    let living = query(sql).fetch_optional(&mut *tx).await?;
    tx.rollback().await?;
    match living {
        None => Ok(()),
        Some(row) => Err(OpenError::Locked {
            by: row.try_get(0)?,
        }),
    }
}

fn parse(url: &Secret) -> Result<AnyConnectOptions, OpenError> {
    let options: AnyConnectOptions = url.expose().parse().map_err(|_| {
        OpenError::Settings("the store's `postgres://` URL cannot be read".to_owned())
    })?;
    let mut options = options;
    // In the first message: a `SET` would stay in the session of a pooler.
    if !options
        .database_url
        .query()
        .is_some_and(|query| query.contains("application_name="))
    {
        options
            .database_url
            .query_pairs_mut()
            .append_pair("application_name", &application_name());
    }
    // Statements carry values only as parameters, but even their text need not be in the log.
    Ok(options.log_statements(LevelFilter::Trace))
}

/// How this process is called on the server.
pub(super) fn application_name() -> String {
    format!("waybill (process {})", std::process::id())
}

/// A connection without a pool, which reports an unreachable database and a wrong password in the same way:
/// it keeps trying until it times out.
async fn connect(options: &AnyConnectOptions) -> Result<AnyConnection, OpenError> {
    let connected = tokio::time::timeout(DEADLINE, options.connect()).await;
    Ok(connected.map_err(|_| StoreError::Unavailable {
        why: "no connection within 5 seconds".to_owned(),
    })??)
}

fn pool(size: usize, identity: &Arc<Identity>) -> AnyPoolOptions {
    let size = u32::try_from(size).unwrap_or(u32::MAX);
    let identity = Arc::clone(identity);
    AnyPoolOptions::new()
        .max_connections(size)
        .acquire_timeout(ACQUIRE)
        .max_lifetime(None)
        .idle_timeout(Duration::from_secs(300))
        .after_connect(move |connection, _| {
            let identity = Arc::clone(&identity);
            Box::pin(async move { same_store(connection, &identity).await })
        })
}

/// A database of that name may be another one by now. A damaged table shows in the next call.
async fn same_store(
    connection: &mut AnyConnection,
    identity: &Identity,
) -> Result<(), sqlx::Error> {
    let Some(id) = identity.store_id() else {
        return Ok(());
    };
    if let Ok(found) = connection.fetch_optional(STORE_ID).await {
        let found: Option<String> = found.map(|row| row.try_get(0)).transpose()?;
        let id: String = id.iter().map(|byte| format!("{byte:02x}")).collect();
        if found != Some(id) {
            let lost = identity.lose("another store is in its place");
            return Err(sqlx::Error::Protocol(lost.to_string()));
        }
    }
    Ok(())
}

/// Asks the server for its effective settings.
async fn verify(connection: &mut AnyConnection) -> Result<(), OpenError> {
    let mut tx = connection.begin_with(READ).await?;
    for (setting, way_out) in DEMANDED {
        let value = current_setting(&mut tx, setting).await?;
        // Only `off` is refused: PostgreSQL knows several other words that are durable.
        if value == "off" {
            return Err(OpenError::NotDurable {
                what: format!("PostgreSQL's {setting} is off"),
                way_out,
            });
        }
    }
    let standbys = current_setting(&mut tx, "synchronous_standby_names").await?;
    let commit = current_setting(&mut tx, "synchronous_commit").await?;
    if standbys.is_empty() || commit == "local" {
        tracing::info!(
            "PostgreSQL acknowledges a change without a standby: a failover can lose the newest changes; set \
             `synchronous_standby_names`, and leave `synchronous_commit` on, if there is a standby"
        );
    } else {
        tracing::info!(
            synchronous_commit = commit,
            synchronous_standby_names = standbys,
            "PostgreSQL acknowledges a change when a standby has it"
        );
    }
    Ok(tx.rollback().await?)
}

async fn current_setting(connection: &mut AnyConnection, name: &str) -> Result<String, OpenError> {
    let query = query("SELECT current_setting($1)").bind(name.to_owned());
    Ok(query.fetch_one(connection).await?.try_get(0)?)
}
