//! Changes in one transaction: each for itself, all durable or all told. The lock on what is open is
//! held until all of a test's changes wait for it, so they come into one transaction.

use super::{Db, UNDO};
use crate::{
    StoreError, StoreUrl,
    db::{Backend, session::LockMode},
    meta,
};
use futures_util::{FutureExt as _, future::BoxFuture, future::join_all};
use gateway_model::Secret;
use gateway_store_testkit::Postgres;
use sqlx::{AnyConnection, Connection as _, Executor as _};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use tokio::sync::Notify;

type Result<T> = std::result::Result<T, StoreError>;
type Outcomes = Vec<Result<()>>;

/// Runs every case on both databases.
macro_rules! on_both {
    ($($case:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test]
            async fn $case() {
                let folder = tempfile::tempdir().expect("a folder");
                let file = folder.path().join("store.db");
                // As the lock makes it before the database is opened.
                std::fs::File::create(&file).expect("the folder is ours");
                super::$case(&super::StoreUrl::Sqlite(file)).await;
            })*
        }
        mod postgres {
            $(#[tokio::test]
            async fn $case() {
                if let Some((_cluster, url)) = super::postgres().await {
                    super::$case(&url).await;
                }
            })*
        }
    };
}

on_both!(
    changes_that_wait_come_into_one_transaction,
    change_that_fails_is_undone_alone,
    lost_transaction_is_told_to_all_in_it,
    failed_commit_is_told_to_all_in_it_also_to_the_refused,
    caller_that_goes_away_halfway_harms_nobody,
    many_changes_are_made_one_after_another_and_all_are_there,
    change_that_was_acknowledged_before_the_end_is_there_after_it,
);

/// A new database in the tests' cluster, which is up as long as it is held; `None`, if the machine has
/// no PostgreSQL.
async fn postgres() -> Option<(Arc<Postgres>, StoreUrl)> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let cluster = Postgres::shared().expect("PostgreSQL starts")?;
    sqlx::any::install_default_drivers();
    let name = format!("batch_{}", COUNT.fetch_add(1, Ordering::Relaxed));
    let connected = AnyConnection::connect(&cluster.url("postgres")).await;
    let mut connection = connected.expect("the cluster answers");
    let sql = sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"));
    connection.execute(sql).await.expect("a database");
    let url = StoreUrl::Postgres(Secret::new(cluster.url(&name)));
    Some((cluster, url))
}

async fn put(tx: &mut AnyConnection, name: &str) -> Result<()> {
    meta::put(tx, name, b"here").await
}

async fn is_there(db: &Db, name: &str) -> bool {
    let mut connection = db.reader().await.expect("a reader");
    let value = meta::get(&mut connection, name).await;
    value.expect("it reads").is_some()
}

/// Lets these changes in together, in this order.
async fn together(db: &Db, changes: Vec<BoxFuture<'_, Result<()>>>) -> Outcomes {
    let closed = db.batch.open.lock().await;
    let mut all = join_all(changes).boxed();
    // Polled once, each waits for the lock.
    assert!((&mut all).now_or_never().is_none());
    drop(closed);
    all.await
}

fn stale(why: &str) -> Result<()> {
    let why = why.to_owned();
    Err(StoreError::Internal { why })
}

async fn changes_that_wait_come_into_one_transaction(url: &StoreUrl) {
    let db = Db::connect(url, None, LockMode::Exclusive)
        .await
        .expect("it opens");
    let writes = |name: &'static str| db.change(async move |tx| put(tx, name).await).boxed();
    let looks = db.change(async |tx| {
        assert!(meta::get(tx, "a").await?.is_some() && meta::get(tx, "b").await?.is_some());
        assert!(!is_there(&db, "a").await && !is_there(&db, "b").await);
        Ok(())
    });
    let outcomes = together(&db, vec![writes("a"), writes("b"), looks.boxed()]).await;
    assert_eq!(outcomes, [Ok(()), Ok(()), Ok(())]);
    assert!(is_there(&db, "a").await && is_there(&db, "b").await);
}

async fn change_that_fails_is_undone_alone(url: &StoreUrl) {
    let db = Db::connect(url, None, LockMode::Exclusive)
        .await
        .expect("it opens");
    let writes = |name: &'static str| db.change(async move |tx| put(tx, name).await).boxed();
    let fails = |name: &'static str| {
        db.change(async move |tx| {
            put(tx, name).await?;
            stale(name)
        })
        .boxed()
    };
    let refused = db.change(async |tx| {
        put(tx, "d").await?;
        Ok(tx
            .execute("INSERT INTO meta (name) VALUES ('d')")
            .await
            .map(drop)?)
    });
    let changes = vec![
        fails("a"),
        writes("b"),
        fails("c"),
        refused.boxed(),
        writes("e"),
    ];
    let outcomes = together(&db, changes).await;
    assert_eq!((&outcomes[0], &outcomes[2]), (&stale("a"), &stale("c")));
    assert_eq!((&outcomes[1], &outcomes[4]), (&Ok(()), &Ok(())));
    assert!(outcomes[3].is_err());
    let mut there = Vec::new();
    for name in ["a", "b", "c", "d", "e"] {
        there.push(is_there(&db, name).await);
    }
    assert_eq!(there, [false, true, false, false, true]);
}

// As SQLite does by itself when the disk is full.
async fn lost_transaction_is_told_to_all_in_it(url: &StoreUrl) {
    let db = Db::connect(url, None, LockMode::Exclusive)
        .await
        .expect("it opens");
    let writes = |name: &'static str| db.change(async move |tx| put(tx, name).await).boxed();
    let ends = db.change(async |tx| {
        tx.execute("ROLLBACK").await?;
        Err(StoreError::Full)
    });
    let outcomes = together(&db, vec![writes("a"), ends.boxed(), writes("c")]).await;
    assert!(matches!(outcomes[0], Err(StoreError::Unavailable { .. })));
    assert_eq!(outcomes[1], Err(StoreError::Full));
    assert_eq!(outcomes[2], Ok(()), "it is in a transaction of its own");
    assert!(!is_there(&db, "a").await && is_there(&db, "c").await);
}

async fn failed_commit_is_told_to_all_in_it_also_to_the_refused(url: &StoreUrl) {
    let db = Db::connect(url, None, LockMode::Exclusive)
        .await
        .expect("it opens");
    // What the database checks only when it commits.
    let late = match db.backend {
        Backend::Sqlite => {
            "PRAGMA defer_foreign_keys = ON; \
             INSERT INTO account_names (name, account) VALUES ('a', 'nobody')"
        }
        Backend::Postgres => {
            "CREATE TABLE late (id int UNIQUE DEFERRABLE INITIALLY DEFERRED); \
             INSERT INTO late VALUES (1), (1)"
        }
    };
    let writes = db.change(async |tx| put(tx, "a").await).boxed();
    let breaks = db.change(async |tx| Ok(tx.execute(late).await.map(drop)?));
    let refused = db.change(async |_| Err(StoreError::Fenced)).boxed();
    let outcomes = together(&db, vec![writes, breaks.boxed(), refused]).await;
    assert!(outcomes[0].is_err());
    assert!(
        outcomes.iter().all(|outcome| *outcome == outcomes[0]),
        "{outcomes:?}"
    );
    assert!(!is_there(&db, "a").await);
    assert_eq!(db.change(async |tx| put(tx, "b").await).await, Ok(()));
    assert!(is_there(&db, "b").await);
}

async fn caller_that_goes_away_halfway_harms_nobody(url: &StoreUrl) {
    let db = Db::connect(url, None, LockMode::Exclusive)
        .await
        .expect("it opens");
    let writes = |name: &'static str| db.change(async move |tx| put(tx, name).await).boxed();
    let leaves = |name: &'static str| {
        let (db, written) = (&db, Notify::new());
        async move {
            let change = db.change(async |tx| {
                put(tx, name).await?;
                written.notify_one();
                std::future::pending().await
            });
            tokio::select! {
                outcome = change => outcome,
                () = written.notified() => Ok(()),
            }
        }
        .boxed()
    };
    // First in the transaction, between others, and last before the commit.
    let changes = vec![
        leaves("a"),
        writes("b"),
        leaves("c"),
        writes("d"),
        leaves("e"),
    ];
    let outcomes = together(&db, changes).await;
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    let mut there = Vec::new();
    for name in ["a", "b", "c", "d", "e"] {
        there.push(is_there(&db, name).await);
    }
    assert_eq!(there, [false, true, false, true, false]);
}

async fn many_changes_are_made_one_after_another_and_all_are_there(url: &StoreUrl) {
    let db = Db::connect(url, None, LockMode::Exclusive)
        .await
        .expect("it opens");
    let order = Arc::new(Mutex::new(Vec::new()));
    let changes = (0..3 * super::ROOM).map(|turn| {
        let order = Arc::clone(&order);
        db.change(async move |tx| {
            order.lock().expect("it is whole").push(turn);
            put(tx, &format!("turn {turn}")).await
        })
        .boxed()
    });
    let outcomes = together(&db, changes.collect()).await;
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    let mut order = order.lock().expect("it is whole").clone();
    assert!(order[..super::ROOM].is_sorted(), "{order:?}");
    order.sort_unstable();
    assert_eq!(order, (0..3 * super::ROOM).collect::<Vec<_>>());
    for turn in order {
        assert!(is_there(&db, &format!("turn {turn}")).await);
    }
}

async fn change_that_was_acknowledged_before_the_end_is_there_after_it(url: &StoreUrl) {
    let db = Db::connect(url, None, LockMode::Exclusive)
        .await
        .expect("it opens");
    let names: Vec<String> = (0..100).map(|turn| format!("turn {turn}")).collect();
    let changes = names.iter().enumerate().map(|(turn, name)| {
        let db = &db;
        async move {
            if turn == 40 {
                db.close().await;
                return Ok(());
            }
            db.change(async |tx| put(tx, name).await).await
        }
    });
    let outcomes = join_all(changes).await;
    let db = Db::connect(url, None, LockMode::Exclusive)
        .await
        .expect("it opens again");
    for (turn, (name, outcome)) in names.iter().zip(&outcomes).enumerate() {
        let there = turn != 40 && is_there(&db, name).await;
        assert_eq!(there, turn != 40 && outcome.is_ok(), "{name}: {outcome:?}");
    }
}

// Undoing twice, or what never began, must be an error: that is how a lost transaction is noticed.
#[tokio::test]
async fn undoing_without_a_transaction_is_an_error() {
    let db = Db::connect(&StoreUrl::Memory, None, LockMode::Exclusive)
        .await
        .expect("it opens");
    let mut connection = db.writer.acquire().await.expect("a connection");
    assert!(connection.execute(UNDO).await.is_err());
}
