//! Reading whole tables: rows are taken out in batches, and what a large table holds is opened on several
//! threads.

use crate::statement::query;
use crate::table::{self, Sealed, SealedRow};
use crate::{Store, StoreError};
use futures_util::TryStreamExt as _;
use sqlx::AssertSqlSafe;
use std::collections::VecDeque;
use tokio::task::{JoinHandle, spawn_blocking};

/// Rows that are read at a time: each batch has the deadline of one call, and a large store is never in
/// memory twice.
// Some hundred kilobytes of sealed grants.
const BATCH: usize = 500;
/// Batches that are opened beside the one that is taken out.
const OPENING: usize = 3;

impl Store {
    /// Reads a table.
    pub(crate) async fn read_all<T: Sealed>(&self) -> Result<Vec<T>, StoreError> {
        let mut all = Vec::new();
        self.read_each(|record| all.push(record)).await?;
        Ok(all)
    }

    /// Gives every record of a table that opens to `take`, ordered by key; the others are
    /// quarantined.
    pub(crate) async fn read_each<T: Sealed>(&self, take: impl FnMut(T)) -> Result<(), StoreError> {
        self.read_some(|_| true, take).await
    }

    /// Gives the records whose key is wanted to `take`. The others are not opened, so damage in them is
    /// not noticed.
    pub(crate) async fn read_some<T: Sealed>(
        &self,
        wanted: impl Fn(&[u8]) -> bool,
        take: impl FnMut(T),
    ) -> Result<(), StoreError> {
        self.read_through(wanted, |record| record, take).await
    }

    /// Gives every record of a table that opens to `work`, on the threads that open them, and the results
    /// to `take`, ordered by key.
    pub(crate) async fn read_through<T: Sealed, R: Send + 'static>(
        &self,
        wanted: impl Fn(&[u8]) -> bool,
        work: impl Fn(T) -> R + Clone + Send + 'static,
        mut take: impl FnMut(R),
    ) -> Result<(), StoreError> {
        let (turn, mut connection) = self.db.long_read().await?;
        let query = query(AssertSqlSafe(table::all_rows::<T>(self.db.backend)));
        let mut rows = query.fetch(&mut *connection);
        let mut opening = VecDeque::new();
        loop {
            // Fetch a whole batch before opening any record: SQLite's thread would wait at every row.
            let fetch = async {
                let mut batch = Vec::with_capacity(BATCH);
                for _ in 0..BATCH {
                    let Some(row) = rows.try_next().await? else {
                        return Ok((batch, true));
                    };
                    let row = SealedRow::read(&row)?;
                    if wanted(&row.key) {
                        batch.push(row);
                    }
                }
                Ok((batch, false))
            };
            let (batch, last) = turn.call(fetch).await?;
            let sealer = self.sealer_for(&batch).await?;
            let (store, sealer, work) = (self.clone(), sealer.clone(), work.clone());
            let open = move || -> Vec<R> {
                let records = batch.iter().filter_map(|row| store.opened(&sealer, row));
                records.map(work).collect()
            };
            if last && opening.is_empty() {
                // A small table is not worth a thread.
                open().into_iter().for_each(take);
                return Ok(());
            }
            // In order: the results are taken from the front.
            opening.push_back(spawn_blocking(open));
            let ahead = if last { 0 } else { OPENING };
            // Bounded: reading faster than opening would put the whole table into memory.
            while opening.len() > ahead {
                next(&mut opening).await?.into_iter().for_each(&mut take);
            }
            if last {
                return Ok(());
            }
        }
    }
}

/// The oldest batch, so that records come in the order of their keys.
async fn next<R>(opening: &mut VecDeque<JoinHandle<Vec<R>>>) -> Result<Vec<R>, StoreError> {
    let Some(first) = opening.pop_front() else {
        return Ok(Vec::new());
    };
    first.await.map_err(|_| StoreError::Internal {
        why: "opening records was cut off".to_owned(),
    })
}
