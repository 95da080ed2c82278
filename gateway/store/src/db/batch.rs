//! One `fsync` for many: changes that come while others are being made durable go into the next
//! transaction together.
//!
//! A caller makes its change itself, one caller at a time. The caller that opens a transaction also
//! schedules its commit. The commit waits for the same lock as the callers that wait already, so their
//! changes join the transaction. A single change costs as much as without batching, and under load
//! many changes share one `fsync`.
//!
//! The guarantees are those of single transactions. A caller gets a result only after the transaction
//! that contains it is durable. That holds for a refusal too, because it may depend on what another
//! change in the same transaction has written. A change that fails is undone alone, and so is a change
//! whose caller went away halfway. If the database has dropped the transaction, all callers in it get
//! an error.

use super::{Db, Tx, turns::Turns};
use crate::StoreError;
use sqlx::{AnyConnection, Executor as _};
use std::sync::Arc;
use tokio::sync::{Mutex, watch};
use tokio::task::JoinHandle;

/// Changes in one transaction at most, so that the first need not wait long for the last.
const ROOM: usize = 64;

const BEGIN: &str = "SAVEPOINT change";
const KEEP: &str = "RELEASE SAVEPOINT change";
const UNDO: &str = "ROLLBACK TO SAVEPOINT change; RELEASE SAVEPOINT change";

/// The transaction that changes join.
pub(super) struct Batch {
    /// A caller has a place until its change is durable.
    places: Turns,
    open: Mutex<Option<OpenTransaction>>,
}

/// A transaction that more changes may join.
struct OpenTransaction {
    tx: Tx,
    /// A change began and did not end: its caller went away.
    halfway: bool,
    outcome: watch::Sender<Option<Result<(), StoreError>>>,
    committer: Option<JoinHandle<()>>,
}

impl Batch {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            places: Turns::new(ROOM),
            open: Mutex::new(None),
        })
    }
}

impl Db {
    /// Makes a change in its turn, within the deadline; what comes back is durable.
    pub(crate) async fn change<T>(
        &self,
        work: impl AsyncFnOnce(&mut AnyConnection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let turn = self.batch.places.turn().await?;
        let change = async {
            let mut open = self.batch.open.lock().await;
            let (result, mut outcome) = match open.as_mut() {
                None => {
                    let mut tx = self.begin().await?;
                    // The first change needs no savepoint: if it fails, the whole transaction is dropped.
                    let result = work(&mut tx).await?;
                    let batch = open.insert(OpenTransaction::new(tx));
                    (Ok(result), batch.outcome.subscribe())
                }
                Some(batch) => {
                    let outcome = batch.outcome.subscribe();
                    match batch.join(work).await {
                        Ok(result) => (result, outcome),
                        Err(error) => {
                            OpenTransaction::lost(open.take());
                            return Err(error);
                        }
                    }
                }
            };
            if let Some(batch) = open.as_mut() {
                batch.commit_soon(self);
            }
            // Release before waiting: the commit needs this lock.
            drop(open);
            durable(&mut outcome).await.and(result)
        };
        turn.noted(self.write(change).await)
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

impl OpenTransaction {
    fn new(tx: Tx) -> Self {
        Self {
            tx,
            halfway: false,
            outcome: watch::Sender::new(None),
            committer: None,
        }
    }

    /// Makes one more change. The inner error is the change's own; an outer error means that the whole
    /// transaction is lost.
    async fn join<T>(
        &mut self,
        work: impl AsyncFnOnce(&mut AnyConnection) -> Result<T, StoreError>,
    ) -> Result<Result<T, StoreError>, StoreError> {
        self.undo_halfway().await?;
        // A savepoint by hand: sqlx's nested transaction may end the outer one if it is dropped while it
        // begins.
        self.halfway = true;
        self.tx.execute(BEGIN).await?;
        let result = work(&mut self.tx).await;
        if result.is_ok() {
            self.tx.execute(KEEP).await?;
            self.halfway = false;
        } else if self.undo_halfway().await.is_err() {
            // Report the change's own error: it says why the transaction ended.
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

    /// Schedules the commit, once. A committer that ended with its runtime is replaced.
    fn commit_soon(&mut self, db: &Db) {
        if self.committer.as_ref().is_none_or(JoinHandle::is_finished) {
            let db = db.clone();
            let committer = tokio::spawn(async move { db.commit_batch().await });
            self.committer = Some(committer);
        }
    }

    /// Tells all callers in it that nothing was written. A change to a grant is repeated then.
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
