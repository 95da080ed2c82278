//! The database: two pools, a deadline on every call, and no writes after a failed one.
//!
//! There is one connection for writes, on both backends. With SQLite that leaves nothing that could
//! be busy; with PostgreSQL that connection holds the lock that keeps other gateways out, so a
//! write is always made by the session that has the lock.

mod backend;
mod batch;
mod identity;
pub(crate) mod migrate;
pub(crate) mod postgres;
mod probe;
pub(crate) mod sqlite;

pub(crate) use backend::{Backend, DEADLINE};

use crate::{OpenError, StoreError};
use batch::Batch;
use gateway_model::StoreUrl;
use identity::Identity;
use sqlx::{Any, AnyConnection, AnyPool, Connection as _, Transaction};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// A transaction; dropped, it is rolled back.
pub(crate) type Tx = Transaction<'static, Any>;

/// An open database.
#[derive(Clone)]
pub(crate) struct Db {
    pub(crate) backend: Backend,
    writer: AnyPool,
    readers: AnyPool,
    batch: Arc<Batch>,
    pub(crate) identity: Arc<Identity>,
    /// SQLite deletes its journal when the last connection ends. With this one, which does nothing else,
    /// that is never before the store is closed, so a journal that is gone was deleted by somebody else.
    last: Arc<Mutex<Option<AnyConnection>>>,
    /// Why nothing is written any more.
    failed: Arc<OnceLock<String>>,
}

impl Db {
    /// Connects, checks the durability settings, and brings the schema up to date.
    pub(crate) async fn connect(url: &StoreUrl) -> Result<Self, OpenError> {
        sqlx::any::install_default_drivers();
        let identity = Arc::<Identity>::default();
        let mut last = None;
        let (backend, writer, readers) = match url {
            StoreUrl::Memory => {
                // One pool for both: a second connection would be a second, empty database.
                let pool = sqlite::memory().await?;
                (Backend::Sqlite, pool.clone(), pool)
            }
            StoreUrl::Sqlite(path) => {
                let (first, writer, readers) = sqlite::open(path, &identity).await?;
                last = Some(first);
                (Backend::Sqlite, writer, readers)
            }
            StoreUrl::Postgres(url) => {
                let (writer, readers) = postgres::open(url, &identity).await?;
                (Backend::Postgres, writer, readers)
            }
        };
        Ok(Self {
            backend,
            writer,
            readers,
            batch: Batch::new(),
            identity,
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
            Backend::Postgres => "BEGIN",
        };
        Ok(self.writer.begin_with(statement).await?)
    }

    /// Starts a transaction that sees one state of the store, whatever is written meanwhile.
    pub(crate) async fn snapshot(&self) -> Result<Tx, StoreError> {
        let statement = match self.backend {
            Backend::Sqlite => "BEGIN DEFERRED",
            Backend::Postgres => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        };
        Ok(self.readers.begin_with(statement).await?)
    }

    /// A pool to read from.
    pub(crate) fn readers(&self) -> &AnyPool {
        &self.readers
    }

    /// Runs a read within the deadline.
    pub(crate) async fn read<T>(
        &self,
        work: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        within(work).await
    }

    /// Runs a write within the deadline. A disk that failed ends all writing.
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

    /// Ends every connection.
    pub(crate) async fn close(&self) {
        // Readers first, as the writer's connection holds the lock until all else has ended.
        let both = async {
            self.readers.close().await;
            self.writer.close().await;
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

async fn within<T>(work: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    // Dropping the work rolls its transaction back.
    match tokio::time::timeout(DEADLINE, work).await {
        Ok(result) => result,
        Err(_) => Err(StoreError::Unavailable {
            why: format!("no answer within {} seconds", DEADLINE.as_secs()),
        }),
    }
}

#[cfg(test)]
mod tests;
