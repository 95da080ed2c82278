//! One `fsync` for many: changes that come while others are being made durable go into the next
//! transaction together.
//!
//! A change is made by its caller, one caller at a time. Whoever opens a transaction lets it be
//! committed soon; the commit waits its turn behind those who wait already, and they come into it. So
//! a lone change costs what it did, and under load the disk's pace no longer counts for each one.
//!
//! What is promised is as before. Nobody hears of a result before the transaction in which it came
//! about is durable, nor of a refusal: it may rest on what a neighbour has written there. A change
//! that fails is undone by itself, and so is one whose caller went away halfway. If that cannot be
//! done, because the database has dropped the transaction, all in it are told so.

use super::{Db, Tx};
use crate::StoreError;
use sqlx::{AnyConnection, Executor as _};
use std::sync::Arc;
use tokio::sync::{Mutex, Semaphore, watch};
use tokio::task::JoinHandle;

/// Changes in one transaction at most, so that the first need not wait long for the last.
const ROOM: usize = 64;

const BEGIN: &str = "SAVEPOINT change";
const KEEP: &str = "RELEASE SAVEPOINT change";
const UNDO: &str = "ROLLBACK TO SAVEPOINT change; RELEASE SAVEPOINT change";

/// Where changes come together.
pub(super) struct Batch {
    /// A caller has a place until its change is durable.
    places: Semaphore,
    open: Mutex<Option<Open>>,
}

/// A transaction that more changes may join.
struct Open {
    tx: Tx,
    /// A change began and did not end: its caller went away.
    halfway: bool,
    outcome: watch::Sender<Option<Result<(), StoreError>>>,
    committer: Option<JoinHandle<()>>,
}

impl Batch {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            places: Semaphore::new(ROOM),
            open: Mutex::new(None),
        })
    }
}

impl Db {
    /// Makes a change within the deadline; what comes back is durable.
    pub(crate) async fn change<T>(
        &self,
        work: impl AsyncFnOnce(&mut AnyConnection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let change = async {
            // Never closed; without a place the change would still be right.
            let _place = self.batch.places.acquire().await;
            let mut open = self.batch.open.lock().await;
            let (result, mut outcome) = match open.as_mut() {
                None => {
                    let mut tx = self.begin().await?;
                    // Alone in it so far: if it fails, all of it is dropped.
                    let result = work(&mut tx).await?;
                    let batch = open.insert(Open::new(tx));
                    (Ok(result), batch.outcome.subscribe())
                }
                Some(batch) => {
                    let outcome = batch.outcome.subscribe();
                    match batch.join(work).await {
                        Ok(result) => (result, outcome),
                        Err(error) => {
                            Open::lost(open.take());
                            return Err(error);
                        }
                    }
                }
            };
            if let Some(batch) = open.as_mut() {
                batch.commit_soon(self);
            }
            drop(open);
            durable(&mut outcome).await.and(result)
        };
        self.write(change).await
    }

    /// Commits what is open, behind those who wait to come into it.
    async fn commit_batch(&self) {
        let mut open = self.batch.open.lock().await;
        let Some(mut batch) = open.take() else { return };
        let told = batch.outcome.clone();
        let work = async move {
            batch.undo_halfway().await?;
            Ok(batch.tx.commit().await?)
        };
        let outcome = self.write(work).await;
        told.send_replace(Some(outcome));
    }
}

impl Open {
    fn new(tx: Tx) -> Self {
        Self {
            tx,
            halfway: false,
            outcome: watch::Sender::new(None),
            committer: None,
        }
    }

    /// Makes one more change. An error of its own is inside; one outside means that the whole
    /// transaction is gone.
    async fn join<T>(
        &mut self,
        work: impl AsyncFnOnce(&mut AnyConnection) -> Result<T, StoreError>,
    ) -> Result<Result<T, StoreError>, StoreError> {
        self.undo_halfway().await?;
        // Not sqlx's own nested transactions: dropped while they begin, they may end the outer one.
        self.halfway = true;
        self.tx.execute(BEGIN).await?;
        let result = work(&mut self.tx).await;
        if result.is_ok() {
            self.tx.execute(KEEP).await?;
            self.halfway = false;
        } else if self.undo_halfway().await.is_err() {
            // Its own error says why the transaction ended.
            return result.map(Ok);
        }
        Ok(result)
    }

    async fn undo_halfway(&mut self) -> Result<(), StoreError> {
        if self.halfway {
            self.tx.execute(UNDO).await?;
            self.halfway = false;
        }
        Ok(())
    }

    /// Has it committed, once. A task that was to do it and ended with its runtime is replaced.
    fn commit_soon(&mut self, db: &Db) {
        if self.committer.as_ref().is_none_or(JoinHandle::is_finished) {
            let db = db.clone();
            let committer = tokio::spawn(async move { db.commit_batch().await });
            self.committer = Some(committer);
        }
    }

    /// Tells those in it that nothing of it was written. A grant's change is repeated then.
    fn lost(open: Option<Self>) {
        if let Some(batch) = open {
            let why = "another change ended the transaction".to_owned();
            let lost = Err(StoreError::Unavailable { why });
            batch.outcome.send_replace(Some(lost));
        }
    }
}

async fn durable(
    outcome: &mut watch::Receiver<Option<Result<(), StoreError>>>,
) -> Result<(), StoreError> {
    let known = outcome.wait_for(Option::is_some).await;
    known
        .ok()
        .and_then(|known| known.clone())
        .unwrap_or_else(|| {
            let why = "the program is ending".to_owned();
            Err(StoreError::Unavailable { why })
        })
}

#[cfg(test)]
mod tests;
