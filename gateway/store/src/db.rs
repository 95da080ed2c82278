//! The database: two pools, a turn and a deadline for every call, and no writes after a failed one.
//!
//! There is one connection for writes, on both backends. With SQLite that leaves nothing that could
//! be busy; with PostgreSQL many changes share its transactions.

mod backend;
mod batch;
mod identity;
pub(crate) mod migrate;
pub(crate) mod postgres;
mod probe;
pub(crate) mod session;
pub(crate) mod sqlite;
mod turns;

use backend::READERS;
pub(crate) use backend::{Backend, DEADLINE};

use crate::{OpenError, StoreError};
use batch::Batch;
use gateway_model::{Secret, StoreUrl};
use identity::Identity;
use session::{LockMode, NewSession, Session};
use sqlx::{Any, AnyConnection, AnyPool, Connection as _, Transaction};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
pub(crate) use turns::Turn;
use turns::{Turns, within};

/// A transaction; dropped, it is rolled back.
pub(crate) type Tx = Transaction<'static, Any>;

/// An open database.
#[derive(Clone)]
pub(crate) struct Db {
    pub(crate) backend: Backend,
    writer: AnyPool,
    readers: AnyPool,
    /// Those who read, and short writes apart.
    turns: Arc<Turns>,
    /// What is done once for each account stands in this queue first, which takes all places but one. Ten thousand
    /// accounts that want a token may not keep an operator from seeing it.
    crowd: Arc<Turns>,
    batch: Arc<Batch>,
    pub(crate) identity: Arc<Identity>,
    /// PostgreSQL's, once the store is known.
    pub(crate) session: Arc<OnceLock<Session>>,
    new_session: Arc<Mutex<Option<NewSession>>>,
    /// SQLite deletes its journal when the last connection ends. With this one, which does nothing else,
    /// that is never before the store is closed, so a journal that is gone was deleted by somebody else.
    last: Arc<Mutex<Option<AnyConnection>>>,
    /// Why nothing is written any more.
    failed: Arc<OnceLock<String>>,
}

impl Db {
    /// Connects, checks the durability settings, and brings the schema up to date.
    pub(crate) async fn connect(
        url: &StoreUrl,
        listen_url: Option<&Secret>,
        mode: LockMode,
    ) -> Result<Self, OpenError> {
        sqlx::any::install_default_drivers();
        let identity = Arc::<Identity>::default();
        let (mut last, mut session) = (None, None);
        // With one connection for all, one at a time.
        let mut places = 1;
        let (backend, writer, readers) = match url {
            StoreUrl::Memory => {
                // One pool for both: a second connection would be a second, empty database.
                let pool = sqlite::memory().await?;
                (Backend::Sqlite, pool.clone(), pool)
            }
            StoreUrl::Sqlite(path) => {
                let (first, writer, readers) = sqlite::open(path, &identity).await?;
                last = Some(first);
                places = READERS;
                (Backend::Sqlite, writer, readers)
            }
            StoreUrl::Postgres(url) => {
                let opened = postgres::open(url, listen_url, mode, &identity).await?;
                session = opened.session;
                places = READERS;
                (Backend::Postgres, opened.writer, opened.readers)
            }
        };
        Ok(Self {
            backend,
            writer,
            turns: Arc::new(Turns::new(places)),
            crowd: Arc::new(Turns::new((places - 1).max(1))),
            readers,
            batch: Batch::new(),
            identity,
            session: Arc::default(),
            new_session: Arc::new(Mutex::new(session)),
            last: Arc::new(Mutex::new(last)),
            failed: Arc::default(),
        })
    }

    /// Starts a transaction for writing that no [`change`](Self::change) joins.
    pub(crate) async fn begin(&self) -> Result<Tx, StoreError> {
        if let Some(why) = self.failed.get() {
            return Err(StoreError::Failed { why: why.clone() });
        }
        self.identity.check()?;
        let statement = match self.backend {
            // Take the write lock now: a later upgrade from reading could fail as busy.
            Backend::Sqlite => "BEGIN IMMEDIATE",
            Backend::Postgres => postgres::BEGIN,
        };
        if let Some(session) = self.session.get() {
            session.check()?;
        }
        Ok(self.writer.begin_with(statement).await?)
    }

    /// Starts a short transaction for writing on PostgreSQL that waits for no other change of this process.
    pub(crate) async fn begin_apart(&self) -> Result<Tx, StoreError> {
        if let Some(session) = self.session.get() {
            session.check()?;
        }
        Ok(self.readers.begin_with(postgres::BEGIN).await?)
    }

    /// Starts a transaction for reading. With PostgreSQL even one statement needs it: behind a pooler, the two
    /// messages of a statement with parameters would otherwise go to different connections.
    pub(crate) async fn reader(&self) -> Result<Tx, StoreError> {
        let statement = match self.backend {
            Backend::Sqlite => "BEGIN DEFERRED",
            Backend::Postgres => postgres::READ,
        };
        Ok(self.readers.begin_with(statement).await?)
    }

    /// Listens to other gateways from now on.
    pub(crate) async fn listen(&self, channel: String) -> Result<(), OpenError> {
        let session = self
            .new_session
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(session) = session {
            drop(self.session.set(session.listen(channel).await?));
        }
        Ok(())
    }

    /// Starts a read of several calls, each with a deadline of its own. Its turn is kept as long as its connection: if
    /// it waited for another turn, those who have one would wait for its connection.
    pub(crate) async fn long_read(&self) -> Result<(Turn<'_>, Tx), StoreError> {
        let turn = self.turns.turn().await?;
        let tx = turn.call(self.reader()).await?;
        Ok((turn, tx))
    }

    /// The same; it sees one state of the store, whatever is written meanwhile.
    pub(crate) async fn snapshot(&self) -> Result<(Turn<'_>, Tx), StoreError> {
        let statement = match self.backend {
            Backend::Sqlite => "BEGIN DEFERRED",
            Backend::Postgres => postgres::SNAPSHOT,
        };
        let turn = self.turns.turn().await?;
        let begin = async { Ok(self.readers.begin_with(statement).await?) };
        let tx = turn.call(begin).await?;
        Ok((turn, tx))
    }

    /// Runs a read in its turn, within the deadline.
    pub(crate) async fn read<T>(
        &self,
        work: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let turn = self.turns.turn().await?;
        turn.call(work).await
    }

    /// Runs a read of one account's own, behind those of all other accounts.
    pub(crate) async fn read_in_crowd<T>(
        &self,
        work: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let turn = self.crowd.turn().await?;
        turn.noted(self.read(work).await)
    }

    /// Runs a read within the deadline, ahead of those that wait for their turn: for what keeps the fleet together, and
    /// has one caller at a time.
    pub(crate) async fn read_ahead<T>(
        &self,
        work: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        within(work).await
    }

    /// Runs a short write for one account in its turn, behind those of all other accounts, within the deadline; see
    /// [`begin_apart`](Self::begin_apart).
    pub(crate) async fn write_apart<T>(
        &self,
        work: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let crowd = self.crowd.turn().await?;
        let turn = self.turns.turn().await?;
        crowd.noted(turn.noted(self.write(work).await))
    }

    /// Runs a write within the deadline, and at once. A disk that failed ends all writing.
    pub(crate) async fn write<T>(
        &self,
        work: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let result = within(work).await;
        // For ever: after a failed fsync the kernel may report success for pages that it dropped.
        if let Err(StoreError::Failed { why }) = &result
            // Once: clones share the reason, and the log has one line for it.
            && self.failed.set(why.clone()).is_ok()
        {
            tracing::error!(why, "the store's disk failed: nothing more is written");
        }
        result
    }

    /// Whether it was closed.
    pub(crate) fn is_closed(&self) -> bool {
        self.writer.is_closed()
    }

    /// Ends every connection.
    pub(crate) async fn close(&self) {
        let both = async {
            self.readers.close().await;
            self.writer.close().await;
            // After them: it holds the lock until all else has ended.
            if let Some(session) = self.session.get() {
                session.close().await;
            }
            let new = self
                .new_session
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take();
            if let Some(new) = new {
                new.close().await;
            }
            let last = self
                .last
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take();
            if let Some(last) = last
                && let Err(error) = last.close().await
            {
                tracing::debug!(%error, "the database's last connection ended with an error");
            }
        };
        if tokio::time::timeout(DEADLINE, both).await.is_err() {
            tracing::warn!("the database did not close its connections in time");
        }
    }
}

#[cfg(test)]
mod tests;
