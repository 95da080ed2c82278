//! The journal of renewals, bounded for each account.

use crate::audit::plain;
use crate::{RenewalEntry, Store, StoreError, Timestamp};
use gateway_model::AccountId;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row as _};

type Result<T> = std::result::Result<T, StoreError>;

/// How many entries of an account are kept.
// About a week of an hourly token's renewals: a person looks at days, not months.
const KEPT: i64 = 200;

impl Store {
    /// Notes an attempt that changed no grant.
    pub async fn note_renewal(&self, entry: &RenewalEntry) -> Result<()> {
        self.db.change(async |tx| insert(tx, entry).await).await
    }

    /// An account's attempts, newest first; the last two hundred are kept.
    pub async fn renewals(&self, account: &AccountId, limit: u32) -> Result<Vec<RenewalEntry>> {
        let work = async {
            let sql = "SELECT account, at, reason, outcome, code, message FROM renewals \
                       WHERE account = $1 ORDER BY id DESC LIMIT $2";
            let query = sqlx::query(sql)
                .bind(account.as_str())
                .bind(i64::from(limit));
            let rows = query.fetch_all(self.db.readers()).await?;
            rows.iter().map(entry).collect()
        };
        self.db.read(work).await
    }
}

pub(crate) async fn insert(connection: &mut AnyConnection, entry: &RenewalEntry) -> Result<()> {
    let sql = "INSERT INTO renewals (account, at, reason, outcome, code, message) \
               VALUES ($1, $2, $3, $4, $5, $6)";
    let query = sqlx::query(sql)
        .bind(entry.account.as_str())
        .bind(entry.at.0)
        .bind(plain(&entry.reason))
        .bind(plain(&entry.outcome))
        .bind(entry.code.as_deref().map(plain))
        .bind(entry.message.as_deref().map(plain));
    query.execute(&mut *connection).await?;
    // In the same transaction: the journal of an account can never outgrow its bound.
    let sql = "DELETE FROM renewals WHERE account = $1 AND id <= coalesce((SELECT id FROM renewals \
               WHERE account = $1 ORDER BY id DESC LIMIT 1 OFFSET $2), 0)";
    let query = sqlx::query(sql).bind(entry.account.as_str()).bind(KEPT);
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

/// An account's name in a plain row.
pub(crate) fn account(name: String) -> Result<AccountId> {
    name.parse().map_err(|_| StoreError::Corrupt {
        what: "a journal entry".to_owned(),
        why: "its account's name is not valid".to_owned(),
    })
}

/// Every row, oldest first.
pub(crate) async fn all(connection: &mut AnyConnection) -> Result<Vec<RenewalEntry>> {
    let sql = "SELECT account, at, reason, outcome, code, message FROM renewals ORDER BY id";
    let rows = sqlx::query(sql).fetch_all(connection).await?;
    rows.iter().map(entry).collect()
}
