//! Reminders: one of a kind, account and day.

use crate::audit::plain;
use crate::statement::query;
use crate::store::commit;
use crate::table::account;
use crate::{NoticeRecord, Store, StoreChange, StoreError, Timestamp};
use gateway_model::{AccountId, NoticeKind};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row as _};

type Result<T> = std::result::Result<T, StoreError>;

/// A channel that delivers notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NoticeChannel {
    /// The webhook.
    Webhook,
    /// The mail server.
    Mail,
}

impl Store {
    /// Opens a notice, closes the account's notices of that kind from earlier days, and returns the new
    /// notice's number. Returns `None` if the account already has a notice of that kind and day: that notice
    /// is opened again, and keeps the record of the channels that delivered it.
    pub async fn put_notice(&self, notice: &NoticeRecord) -> Result<Option<i64>> {
        let work = async {
            let mut tx = self.db.begin().await?;
            // Days compare as text, since they are written year first.
            let sql = "UPDATE notices SET closed_at = $4 WHERE account = $1 AND kind = $2 \
                       AND day < $3 AND closed_at IS NULL";
            let query = query(sql)
                .bind(notice.account.as_str())
                .bind(word(notice.kind))
                .bind(plain(&notice.day))
                .bind(notice.created_at.0);
            query.execute(&mut *tx).await?;
            // After closing earlier days': at most one notice of a kind is open for an account.
            let id = insert(&mut tx, notice).await?;
            if id.is_none() {
                reopen(&mut tx, notice).await?;
            }
            self.tell(&mut tx, &StoreChange::Notices).await?;
            commit(tx).await?;
            Ok(id)
        };
        self.db.write(work).await
    }

    /// The notices, newest first; the newest ten thousand at most.
    pub async fn notices(&self, open_only: bool) -> Result<Vec<NoticeRecord>> {
        let work = async {
            // Bounded, so that a store of many years does not fill an answer.
            let sql = "SELECT id, account, kind, day, created_at, message, webhook_at, mail_at, \
                       closed_at FROM notices WHERE $1 = 0 OR closed_at IS NULL \
                       ORDER BY id DESC LIMIT 10000";
            let query = query(sql).bind(i64::from(open_only));
            let mut tx = self.db.reader().await?;
            let rows = query.fetch_all(&mut *tx).await?;
            rows.iter().map(notice).collect()
        };
        self.db.read(work).await
    }

    /// The most severe open notices, at most `limit`, and how many are open.
    pub async fn urgent_notices(&self, limit: u32) -> Result<(Vec<NoticeRecord>, u64)> {
        let work = async {
            let sql = "SELECT id, account, kind, day, created_at, message, webhook_at, mail_at, \
                       closed_at FROM notices WHERE closed_at IS NULL \
                       ORDER BY CASE kind WHEN 'misconfigured' THEN 0 WHEN 'in_doubt' THEN 1 \
                       WHEN 'refused' THEN 2 WHEN 'ended' THEN 3 ELSE 4 END, account, id DESC LIMIT $1";
            let first = query(sql).bind(i64::from(limit));
            let mut tx = self.db.reader().await?;
            let rows = first.fetch_all(&mut *tx).await?;
            let count = query("SELECT count(*) FROM notices WHERE closed_at IS NULL");
            let count: i64 = count.fetch_one(&mut *tx).await?.try_get(0)?;
            let notices = rows.iter().map(notice).collect::<Result<Vec<_>>>()?;
            Ok((notices, u64::try_from(count).unwrap_or_default()))
        };
        self.db.read(work).await
    }

    /// The open notices of one account, newest first.
    pub async fn notices_of(&self, account: &AccountId) -> Result<Vec<NoticeRecord>> {
        let work = async {
            let sql = "SELECT id, account, kind, day, created_at, message, webhook_at, mail_at, \
                       closed_at FROM notices WHERE account = $1 AND closed_at IS NULL \
                       ORDER BY id DESC";
            let query = query(sql).bind(account.as_str());
            let mut tx = self.db.reader().await?;
            let rows = query.fetch_all(&mut *tx).await?;
            rows.iter().map(notice).collect()
        };
        self.db.read(work).await
    }

    /// The open notices that this channel has not delivered yet, oldest first; at most `limit`.
    pub async fn unsent_notices(
        &self,
        channel: NoticeChannel,
        limit: u32,
    ) -> Result<Vec<NoticeRecord>> {
        let work = async {
            let sql = match channel {
                NoticeChannel::Webhook => {
                    "SELECT id, account, kind, day, created_at, message, webhook_at, mail_at, \
                     closed_at FROM notices WHERE closed_at IS NULL AND webhook_at IS NULL \
                     ORDER BY id LIMIT $1"
                }
                NoticeChannel::Mail => {
                    "SELECT id, account, kind, day, created_at, message, webhook_at, mail_at, \
                     closed_at FROM notices WHERE closed_at IS NULL AND mail_at IS NULL \
                     ORDER BY id LIMIT $1"
                }
            };
            let query = query(sql).bind(i64::from(limit));
            let mut tx = self.db.reader().await?;
            let rows = query.fetch_all(&mut *tx).await?;
            rows.iter().map(notice).collect()
        };
        self.db.read(work).await
    }

    /// Deletes closed notices that were made before then, and returns their number.
    pub async fn purge_notices(&self, before: Timestamp) -> Result<u64> {
        let work = async {
            let mut tx = self.db.begin().await?;
            let sql = "DELETE FROM notices WHERE closed_at IS NOT NULL AND created_at < $1";
            let gone = query(sql).bind(before.0).execute(&mut *tx).await?;
            self.tell(&mut tx, &StoreChange::Notices).await?;
            commit(tx).await?;
            Ok(gone.rows_affected())
        };
        self.db.write(work).await
    }

    /// Records that the channel delivered a notice.
    pub async fn mark_notice(&self, id: i64, channel: NoticeChannel, at: Timestamp) -> Result<()> {
        let work = async {
            let mut tx = self.db.begin().await?;
            let sql = match channel {
                NoticeChannel::Webhook => "UPDATE notices SET webhook_at = $2 WHERE id = $1",
                NoticeChannel::Mail => "UPDATE notices SET mail_at = $2 WHERE id = $1",
            };
            let query = query(sql).bind(id).bind(at.0);
            if query.execute(&mut *tx).await?.rows_affected() == 0 {
                return Err(StoreError::NotFound {
                    what: format!("notice {id}"),
                });
            }
            self.tell(&mut tx, &StoreChange::Notices).await?;
            commit(tx).await
        };
        self.db.write(work).await
    }

    /// Closes an account's open notices of some kinds, because their reason is gone, and returns their
    /// number.
    pub async fn close_notices(
        &self,
        account: &AccountId,
        kinds: &[NoticeKind],
        at: Timestamp,
    ) -> Result<u64> {
        let work = async {
            let mut tx = self.db.begin().await?;
            let mut count = 0;
            for kind in kinds {
                let sql = "UPDATE notices SET closed_at = $3 \
                           WHERE account = $1 AND kind = $2 AND closed_at IS NULL";
                let query = query(sql)
                    .bind(account.as_str())
                    .bind(word(*kind))
                    .bind(at.0);
                count += query.execute(&mut *tx).await?.rows_affected();
            }
            self.tell(&mut tx, &StoreChange::Notices).await?;
            commit(tx).await?;
            Ok(count)
        };
        self.db.write(work).await
    }
}

pub(crate) async fn insert(
    connection: &mut AnyConnection,
    notice: &NoticeRecord,
) -> Result<Option<i64>> {
    // The index decides, so that one day never has two notices of a kind.
    let sql = "INSERT INTO notices (account, kind, day, created_at, message, webhook_at, mail_at, \
               closed_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) \
               ON CONFLICT (account, kind, day) DO NOTHING RETURNING id";
    let query = query(sql)
        .bind(notice.account.as_str())
        .bind(word(notice.kind))
        .bind(plain(&notice.day))
        .bind(notice.created_at.0)
        .bind(plain(&notice.message))
        .bind(notice.webhook_at.map(|at| at.0))
        .bind(notice.mail_at.map(|at| at.0))
        .bind(notice.closed_at.map(|at| at.0));
    let row = query.fetch_optional(connection).await?;
    Ok(row.map(|row| row.try_get(0)).transpose()?)
}

/// Opens the notice of that kind, account and day again.
async fn reopen(connection: &mut AnyConnection, notice: &NoticeRecord) -> Result<()> {
    let sql = "UPDATE notices SET closed_at = NULL, message = $4 \
               WHERE account = $1 AND kind = $2 AND day = $3";
    let query = query(sql)
        .bind(notice.account.as_str())
        .bind(word(notice.kind))
        .bind(plain(&notice.day))
        .bind(plain(&notice.message));
    query.execute(connection).await?;
    Ok(())
}

const KINDS: [NoticeKind; 5] = [
    NoticeKind::Ending,
    NoticeKind::Ended,
    NoticeKind::Refused,
    NoticeKind::InDoubt,
    NoticeKind::Misconfigured,
];

fn word(kind: NoticeKind) -> &'static str {
    match kind {
        NoticeKind::Ending => "ending",
        NoticeKind::Ended => "ended",
        NoticeKind::Refused => "refused",
        NoticeKind::InDoubt => "in_doubt",
        NoticeKind::Misconfigured => "misconfigured",
    }
}

fn notice(row: &AnyRow) -> Result<NoticeRecord> {
    let kind: String = row.try_get(2)?;
    let kind = KINDS.into_iter().find(|known| word(*known) == kind);
    let time = |column| -> Result<Option<Timestamp>> {
        Ok(row.try_get::<Option<i64>, _>(column)?.map(Timestamp))
    };
    Ok(NoticeRecord {
        id: row.try_get(0)?,
        account: account(row.try_get(1)?)?,
        kind: kind.ok_or_else(|| StoreError::Corrupt {
            what: "a notice".to_owned(),
            why: "its kind is none".to_owned(),
        })?,
        day: row.try_get(3)?,
        created_at: Timestamp(row.try_get(4)?),
        message: row.try_get(5)?,
        webhook_at: time(6)?,
        mail_at: time(7)?,
        closed_at: time(8)?,
    })
}

/// Every row, oldest first.
pub(crate) async fn all(connection: &mut AnyConnection) -> Result<Vec<NoticeRecord>> {
    let sql = "SELECT id, account, kind, day, created_at, message, webhook_at, mail_at, \
               closed_at FROM notices ORDER BY id";
    let rows = query(sql).fetch_all(connection).await?;
    rows.iter().map(notice).collect()
}
