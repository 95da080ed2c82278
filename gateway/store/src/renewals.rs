//! The journal of renewals, bounded for each account.

use crate::audit::plain;
use crate::statement::query;
use crate::store::commit;
use crate::table::account;
use crate::{RenewalEntry, Store, StoreError, Timestamp};
use gateway_model::AccountId;
use sqlx::any::{AnyArguments, AnyRow};
use sqlx::query::Query;
use sqlx::{Any, AnyConnection, Row as _};

type Result<T> = std::result::Result<T, StoreError>;

/// How many entries of an account are kept.
// About a week of an hourly token's renewals: a person looks at days, not months.
const KEPT: i64 = 200;

impl Store {
    /// Notes an attempt that changed no grant.
    pub async fn note_renewal(&self, entry: &RenewalEntry) -> Result<()> {
        self.db.change(async |tx| insert(tx, entry).await).await
    }

    /// Removes the entries of all accounts beyond the last two hundred of each, and returns their number. On
    /// PostgreSQL a renewal leaves that to this call, so that it is one statement less.
    pub async fn prune_renewals(&self) -> Result<u64> {
        let work = async {
            let mut tx = self.db.begin().await?;
            let sql = "DELETE FROM renewals WHERE id IN (SELECT id FROM (SELECT id, \
                       row_number() OVER (PARTITION BY account ORDER BY id DESC) AS place \
                       FROM renewals) AS numbered WHERE place > $1)";
            let gone = query(sql).bind(KEPT).execute(&mut *tx).await?;
            commit(tx).await?;
            Ok(gone.rows_affected())
        };
        self.db.write(work).await
    }

    /// An account's attempts, newest first; the last two hundred are kept.
    pub async fn renewals(&self, account: &AccountId, limit: u32) -> Result<Vec<RenewalEntry>> {
        let work = async {
            let sql = "SELECT account, at, reason, outcome, code, message FROM renewals \
                       WHERE account = $1 ORDER BY id DESC LIMIT $2";
            let query = query(sql).bind(account.as_str()).bind(i64::from(limit));
            let mut tx = self.db.reader().await?;
            let rows = query.fetch_all(&mut *tx).await?;
            rows.iter().map(entry).collect()
        };
        self.db.read(work).await
    }
}

/// The columns, in the order of [`bind`].
pub(crate) const COLUMNS: &str = "account, at, reason, outcome, code, message";

/// Binds an entry's six values.
pub(crate) fn bind<'q>(
    query: Query<'q, Any, AnyArguments>,
    entry: &RenewalEntry,
) -> Query<'q, Any, AnyArguments> {
    query
        .bind(entry.account.as_str().to_owned())
        .bind(entry.at.0)
        .bind(plain(&entry.reason))
        .bind(plain(&entry.outcome))
        .bind(entry.code.as_deref().map(plain))
        .bind(entry.message.as_deref().map(plain))
}

pub(crate) async fn insert(connection: &mut AnyConnection, entry: &RenewalEntry) -> Result<()> {
    let sql = "INSERT INTO renewals (account, at, reason, outcome, code, message) \
               VALUES ($1, $2, $3, $4, $5, $6)";
    bind(query(sql), entry).execute(&mut *connection).await?;
    // In the same transaction: the journal of an account can never outgrow its bound.
    let sql = "DELETE FROM renewals WHERE account = $1 AND id <= coalesce((SELECT id FROM renewals \
               WHERE account = $1 ORDER BY id DESC LIMIT 1 OFFSET $2), 0)";
    let query = query(sql).bind(entry.account.as_str()).bind(KEPT);
    query.execute(connection).await?;
    Ok(())
}

fn entry(row: &AnyRow) -> Result<RenewalEntry> {
    Ok(RenewalEntry {
        account: account(row.try_get(0)?)?,
        at: Timestamp(row.try_get(1)?),
        reason: row.try_get(2)?,
        outcome: row.try_get(3)?,
        code: row.try_get(4)?,
        message: row.try_get(5)?,
    })
}

/// Every row, oldest first.
pub(crate) async fn all(connection: &mut AnyConnection) -> Result<Vec<RenewalEntry>> {
    let sql = "SELECT account, at, reason, outcome, code, message FROM renewals ORDER BY id";
    let rows = query(sql).fetch_all(connection).await?;
    rows.iter().map(entry).collect()
}
