//! The one connection to PostgreSQL that has a state of its own: it holds the store's lock, and hears what
//! other gateways say. It must not pass through a pooler in transaction mode.

use super::backend::DEADLINE;
use super::postgres::{LOCK, application_name};
use crate::{OpenError, StoreError};
use gateway_model::Secret;
use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use sqlx::{AnyConnection, ConnectOptions as _, Connection as _, Executor as _, PgPool, Row as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tracing::log::LevelFilter;

/// How long a message to oneself may take before the connection is taken for one that hears nothing.
const ECHO: Duration = Duration::from_secs(2);
/// The pause after which a silent connection is tried, and the one between two attempts to connect.
const SILENCE: Duration = Duration::from_secs(30);
const RETRY: Duration = Duration::from_millis(500);
/// Attempts to take a lock that is held, a tenth of a second apart.
// Two seconds: a killed gateway's session is gone by then.
const PATIENCE: u32 = 20;
/// Messages that may wait to be read; when more come, all are counted as missed.
const ROOM: usize = 4096;

const SESSION_ID: &str = "SELECT pg_backend_pid()";
const SHARED: &str = "SELECT pg_try_advisory_lock_shared($1, hashtext(current_schema()))";
const EXCLUSIVE: &str = "SELECT pg_try_advisory_lock($1, hashtext(current_schema()))";
const HOLDER: &str = "SELECT concat_ws(' ', a.application_name, 'from', \
     coalesce(host(a.client_addr), 'this machine'), 'since', a.backend_start::text) \
     FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid \
     WHERE l.locktype = 'advisory' AND l.granted AND l.classid::bigint = $1 \
     AND a.datname = current_database() AND a.pid <> pg_backend_pid() LIMIT 1";

/// Whether others may hold the store's lock at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LockMode {
    /// A gateway beside others.
    Shared,
    /// A command that works on the store alone.
    Exclusive,
}

/// What the session heard.
#[derive(Debug)]
pub(crate) enum Heard {
    /// Another gateway's message.
    Message(String),
    /// Messages may be missing.
    Gap,
}

/// The connection before the store is known.
pub(super) struct NewSession {
    options: PgConnectOptions,
    mode: LockMode,
    pool: PgPool,
    listener: PgListener,
}

/// The connection in use, which a task keeps.
#[derive(Debug)]
pub(crate) struct Session {
    state: Arc<SessionState>,
    task: std::sync::Mutex<Option<JoinHandle<()>>>,
    heard: std::sync::Mutex<Option<mpsc::Receiver<Heard>>>,
}

#[derive(Debug, Default)]
struct SessionState {
    /// The lock is not held, because another program has it for itself.
    excluded: AtomicBool,
    missed: AtomicBool,
    closing: Notify,
}

impl NewSession {
    /// Connects, without any lock yet.
    pub(super) async fn connect(url: &Secret, mode: LockMode) -> Result<Self, OpenError> {
        let options: PgConnectOptions = url.expose().parse().map_err(|_| {
            OpenError::Settings(
                "`listen_url` of [store] cannot be read as a `postgres://` URL".to_owned(),
            )
        })?;
        let options = options
            .log_statements(LevelFilter::Trace)
            .application_name(&application_name());
        let (pool, listener) = connect(&options).await?;
        Ok(Self {
            options,
            mode,
            pool,
            listener,
        })
    }

    /// Whether it hears a message that another connection sends: not behind a pooler in transaction mode,
    /// which gives each transaction another connection.
    pub(super) async fn hears(&mut self, mut other: AnyConnection) -> Result<bool, OpenError> {
        if self.shares_a_session(&mut other).await? {
            return Ok(false);
        }
        // A channel of its own, so that two gateways that start together do not hear each other.
        let channel = format!("waybill_echo_{:032x}", random()?);
        self.listener.listen(&channel).await?;
        // Without parameters, so that it is one message of the protocol also behind a pooler.
        let notify = sqlx::AssertSqlSafe(format!("NOTIFY {channel}"));
        // Behind a pooler the other connection may hear the message itself, and fail by it.
        if let Err(error) = other.execute(notify).await {
            tracing::debug!(%error, "the message to oneself went astray");
            return Ok(false);
        }
        let heard = timeout(ECHO, self.listener.try_recv()).await;
        let heard = matches!(heard, Ok(Ok(Some(_))));
        self.listener.unlisten(&channel).await?;
        drop(other.close().await);
        Ok(heard)
    }

    /// Whether a pooler gives it and another connection the same session in turn. To listen there would
    /// disturb whoever has the session next.
    async fn shares_a_session(&mut self, other: &mut AnyConnection) -> Result<bool, OpenError> {
        let before = self.session_id().await?;
        other.execute("BEGIN").await?;
        let others: i32 = other.fetch_one(SESSION_ID).await?.try_get(0)?;
        // The other connection has a session for itself now, perhaps the one of before.
        let after = self.session_id().await?;
        other.execute("ROLLBACK").await?;
        Ok(others == before || after != before)
    }

    async fn session_id(&mut self) -> Result<i32, OpenError> {
        Ok(self.listener.fetch_one(SESSION_ID).await?.try_get(0)?)
    }

    /// Takes the lock, or returns an error that names its holder. It waits for a moment, because the server
    /// notices the end of a killed holder a little late.
    pub(super) async fn lock(&mut self) -> Result<(), OpenError> {
        for _ in 0..PATIENCE {
            if take(&mut self.listener, self.mode).await? {
                return Ok(());
            }
            sleep(Duration::from_millis(100)).await;
        }
        let holder = sqlx::query(HOLDER).bind(i64::from(LOCK));
        let holder = holder.fetch_optional(&mut self.listener).await?;
        let by = holder.map(|row| row.try_get(0)).transpose()?;
        Err(OpenError::Locked {
            by: by.unwrap_or_else(|| "another gateway".to_owned()),
        })
    }

    /// Releases the lock of a store that was not opened after all.
    pub(super) async fn close(self) {
        drop(self.listener);
        self.pool.close().await;
    }

    /// Listens to what is said about this store from now on.
    pub(super) async fn listen(mut self, channel: String) -> Result<Session, OpenError> {
        self.listener.listen(&channel).await?;
        let (sender, heard) = mpsc::channel(ROOM);
        let state = Arc::<SessionState>::default();
        let keeper = Keeper {
            session: self,
            channel,
            sender,
            state: Arc::clone(&state),
        };
        Ok(Session {
            state,
            task: std::sync::Mutex::new(Some(tokio::spawn(keeper.run()))),
            heard: std::sync::Mutex::new(Some(heard)),
        })
    }
}

impl Session {
    /// What it hears, for the first caller.
    pub(crate) fn take_heard(&self) -> Option<mpsc::Receiver<Heard>> {
        self.heard
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .take()
    }

    /// Whether messages were dropped since the last call, because nobody read them in time.
    pub(crate) fn missed(&self) -> bool {
        self.state.missed.swap(false, Ordering::Relaxed)
    }

    /// Fails while another program has the store for itself.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        if !self.state.excluded.load(Ordering::Relaxed) {
            return Ok(());
        }
        let why = "another program took the store's lock for itself while the connection was lost; \
                   stop that program";
        Err(StoreError::Unavailable {
            why: why.to_owned(),
        })
    }

    /// Releases the lock and ends the connection.
    pub(super) async fn close(&self) {
        self.state.closing.notify_one();
        let task = self
            .task
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .take();
        if let Some(task) = task {
            drop(task.await);
        }
    }
}

/// The task that keeps the connection.
struct Keeper {
    session: NewSession,
    channel: String,
    sender: mpsc::Sender<Heard>,
    state: Arc<SessionState>,
}

impl Keeper {
    async fn run(mut self) {
        let state = Arc::clone(&self.state);
        tokio::select! {
            () = self.keep() => {}
            () = state.closing.notified() => {}
        }
        let end = async {
            // At once, although the server would notice the end of the connection: the next program may be
            // waiting for the lock.
            let unlock = "SELECT pg_advisory_unlock_all()";
            if let Err(error) = self.session.listener.execute(unlock).await {
                tracing::debug!(%error, "the store's lock ends with its connection");
            }
            drop(self.session.listener);
            self.session.pool.close().await;
        };
        drop(timeout(DEADLINE, end).await);
    }

    async fn keep(&mut self) {
        loop {
            match timeout(SILENCE, self.session.listener.try_recv()).await {
                Ok(Ok(Some(message))) => self.pass(Heard::Message(message.payload().to_owned())),
                Ok(Ok(None) | Err(_)) => self.reconnect().await,
                Err(_) => {
                    // A peer that is gone without a word shows only when it is asked.
                    let asked = self.session.listener.execute("SELECT 1");
                    if !matches!(timeout(DEADLINE, asked).await, Ok(Ok(_))) {
                        self.reconnect().await;
                    }
                }
            }
        }
    }

    fn pass(&self, heard: Heard) {
        // Never waited for: a gateway that is slow to read must not keep a server's messages.
        if let Err(mpsc::error::TrySendError::Full(_)) = self.sender.try_send(heard) {
            self.state.missed.store(true, Ordering::Relaxed);
        }
    }

    /// Connects again, takes the lock again, and tells that messages may be missing.
    async fn reconnect(&mut self) {
        tracing::warn!("the connection that hears other gateways was lost");
        loop {
            match self.connect().await {
                Ok(true) => {
                    self.state.excluded.store(false, Ordering::Relaxed);
                    // After it listens again: what was said until now can be compared, and the rest is heard.
                    self.pass(Heard::Gap);
                    tracing::info!("the connection that hears other gateways is back");
                    return;
                }
                Ok(false) => {
                    if !self.state.excluded.swap(true, Ordering::Relaxed) {
                        tracing::error!("another program took the store's lock for itself");
                    }
                }
                Err(error) => tracing::debug!(%error, "no connection to hear other gateways"),
            }
            sleep(RETRY).await;
        }
    }

    async fn connect(&mut self) -> Result<bool, StoreError> {
        let (pool, mut listener) = connect(&self.session.options).await?;
        listener.listen(&self.channel).await?;
        let locked = take(&mut listener, self.session.mode).await?;
        if locked {
            let old = std::mem::replace(&mut self.session.pool, pool);
            self.session.listener = listener;
            // Not waited for: its server may be gone.
            tokio::spawn(async move { old.close().await });
        }
        Ok(locked)
    }
}

async fn connect(options: &PgConnectOptions) -> Result<(PgPool, PgListener), StoreError> {
    let work = async {
        let pool = PgPoolOptions::new()
            .max_connections(1)
            .max_lifetime(None)
            .idle_timeout(None)
            // A first connection by itself: the pool would try again and again instead of saying what is wrong.
            .connect_lazy_with(options.clone());
        let probe = options.connect().await?;
        drop(probe.close().await);
        let mut listener = PgListener::connect_with(&pool).await?;
        listener.ignore_pool_close_event(true);
        listener.eager_reconnect(false);
        Ok::<_, StoreError>((pool, listener))
    };
    match timeout(DEADLINE, work).await {
        Ok(connected) => connected,
        Err(_) => Err(StoreError::Unavailable {
            why: "no connection within 5 seconds".to_owned(),
        }),
    }
}

async fn take(listener: &mut PgListener, mode: LockMode) -> Result<bool, StoreError> {
    let sql = match mode {
        LockMode::Shared => SHARED,
        LockMode::Exclusive => EXCLUSIVE,
    };
    let work = async {
        let row = sqlx::query(sql).bind(LOCK).fetch_one(listener).await?;
        Ok::<_, StoreError>(row.try_get(0)?)
    };
    match timeout(DEADLINE, work).await {
        Ok(taken) => taken,
        Err(_) => Err(StoreError::Unavailable {
            why: "no answer within 5 seconds".to_owned(),
        }),
    }
}

fn random() -> Result<u128, StoreError> {
    let mut bytes = [0; 16];
    crate::seal::random(&mut bytes)?;
    Ok(u128::from_be_bytes(bytes))
}
