//! Where a test's store is.

use crate::clock::MovableClock;
use crate::records::{replica, state};
use gateway_model::Secret;
use gateway_store::*;
use gateway_store_testkit::Postgres;
use sqlx::{ConnectOptions as _, Executor as _};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tempfile::TempDir;

static DATABASES: AtomicU32 = AtomicU32::new(0);

/// A folder, a database, and a key.
pub(crate) struct Place {
    pub(crate) folder: TempDir,
    pub(crate) options: StoreOptions,
    /// Keeps the cluster up as long as the test needs it.
    _cluster: Option<Arc<Postgres>>,
}

impl Place {
    pub(crate) fn sqlite() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let url = StoreUrl::Sqlite(folder.path().join("store.db"));
        Self::new(folder, url, None)
    }

    /// `None`, and a word about it, if the machine has no PostgreSQL.
    pub(crate) async fn postgres(what: &str) -> Option<Self> {
        match Postgres::shared().expect("PostgreSQL starts") {
            Some(cluster) => Some(Self::on(cluster).await),
            None => {
                eprintln!("skipped: {what} on PostgreSQL, because there is no PostgreSQL");
                None
            }
        }
    }

    pub(crate) async fn on(cluster: Arc<Postgres>) -> Self {
        sqlx::any::install_default_drivers();
        let name = format!("test_{}", DATABASES.fetch_add(1, Ordering::Relaxed));
        let options: sqlx::any::AnyConnectOptions = cluster.url("postgres").parse().expect("a URL");
        let mut connection = options.connect().await.expect("the cluster answers");
        let sql = sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"));
        connection.execute(sql).await.expect("a database");
        let url = StoreUrl::Postgres(Secret::new(cluster.url(&name)));
        Self::new(tempfile::tempdir().expect("a folder"), url, Some(cluster))
    }

    fn new(folder: TempDir, url: StoreUrl, cluster: Option<Arc<Postgres>>) -> Self {
        let options = StoreOptions {
            url,
            master_key: MasterKeySource::File(folder.path().join("key")),
            old_keys: Vec::new(),
            listen_url: None,
        };
        Self {
            folder,
            options,
            _cluster: cluster,
        }
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) async fn try_open(&self) -> Result<Store, OpenError> {
        Store::open(&self.options, Access::Gateway).await
    }

    /// A gateway that is a member of the fleet, if the database can have one.
    pub(crate) async fn open(&self) -> Store {
        let store = self.try_open().await.expect("the store opens");
        self.join(&store, Arc::new(MovableClock::default())).await;
        store
    }

    /// Makes a store a member, with a lease that no test outlasts.
    pub(crate) async fn join(&self, store: &Store, clock: Arc<MovableClock>) -> ReplicaId {
        let options = FleetOptions {
            lease: Duration::from_secs(300),
            ..FleetOptions::default()
        };
        let me = replica("one");
        let joined = store.join(&me, &state(), &options, clock).await;
        joined.expect("it joins")
    }

    /// A statement of somebody who is not the gateway.
    pub(crate) async fn tamper(&self, sql: &str) {
        sqlx::any::install_default_drivers();
        let url = match &self.options.url {
            StoreUrl::Postgres(url) => url.expose().to_owned(),
            StoreUrl::Sqlite(path) => format!("sqlite://{}?mode=rwc", path.display()),
            StoreUrl::Memory => unreachable!("nobody else sees a store in memory"),
        };
        let options: sqlx::any::AnyConnectOptions = url.parse().expect("a URL");
        let mut connection = options.connect().await.expect("the database answers");
        let sql = sqlx::AssertSqlSafe(sql.to_owned());
        connection.execute(sql).await.expect("the statement runs");
        sqlx::Connection::close(connection)
            .await
            .expect("it closes");
    }

    /// Says which program is the oldest that can use the schema.
    pub(crate) async fn oldest_program(&self, schema: i64) {
        let bytes = match &self.options.url {
            StoreUrl::Postgres(_) => format!("'\\x{schema:016x}'"),
            StoreUrl::Sqlite(_) | StoreUrl::Memory => format!("x'{schema:016x}'"),
        };
        let sql = format!("UPDATE meta SET value = {bytes} WHERE name = 'oldest_program'");
        self.tamper(&sql).await;
    }
}
