//! The audit trail: an entry is durable before the effect, and completed after it.

use crate::statement::query;
use crate::store::commit;
use crate::{AuditEntry, AuditId, Store, StoreError, Timestamp};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AssertSqlSafe, Row as _};

type Result<T> = std::result::Result<T, StoreError>;

impl Store {
    /// Notes what is about to be done. Without this entry it must not be done. `detail` is JSON and
    /// holds no secret.
    pub async fn audit_begin(
        &self,
        at: Timestamp,
        actor: &str,
        action: &str,
        subject: &str,
        detail: &str,
    ) -> Result<AuditId> {
        let entry = AuditEntry {
            id: AuditId(0),
            at,
            actor: actor.to_owned(),
            action: action.to_owned(),
            subject: subject.to_owned(),
            detail: detail.to_owned(),
            outcome: None,
        };
        let work = async {
            let mut tx = self.db.begin().await?;
            let id = insert(&mut tx, &entry).await?;
            commit(tx).await?;
            Ok(id)
        };
        self.db.write(work).await
    }

    /// Notes what became of it.
    pub async fn audit_end(&self, id: AuditId, outcome: &str) -> Result<()> {
        let work = async {
            let mut tx = self.db.begin().await?;
            let query = query("UPDATE audit SET outcome = $2 WHERE id = $1");
            // Cleaned, since the text may come from a carrier.
            let query = query.bind(id.0).bind(plain(outcome));
            if query.execute(&mut *tx).await?.rows_affected() == 0 {
                return Err(StoreError::NotFound {
                    what: format!("audit entry {}", id.0),
                });
            }
            commit(tx).await
        };
        self.db.write(work).await
    }

    /// Entries about these subjects after one entry and before another, oldest first.
    pub async fn audit_between(
        &self,
        subjects: &[String],
        after: AuditId,
        before: AuditId,
        limit: u32,
    ) -> Result<Vec<AuditEntry>> {
        // One parameter for each, since not every database has lists.
        let places: Vec<String> = (4..subjects.len() + 4).map(|at| format!("${at}")).collect();
        let sql = format!(
            "SELECT id, at, actor, action, subject, detail, outcome FROM audit \
             WHERE id > $1 AND id < $2 AND subject IN ({}) ORDER BY id LIMIT $3",
            places.join(", ")
        );
        let work = async {
            let mut query = query(AssertSqlSafe(sql))
                .bind(after.0)
                .bind(before.0)
                .bind(i64::from(limit));
            for subject in subjects {
                query = query.bind(plain(subject));
            }
            let mut tx = self.db.reader().await?;
            let rows = query.fetch_all(&mut *tx).await?;
            rows.iter().map(entry).collect()
        };
        self.db.read(work).await
    }

    /// Entries, newest first, older than `before`.
    pub async fn audit(&self, before: Option<AuditId>, limit: u32) -> Result<Vec<AuditEntry>> {
        let work = async {
            let sql = "SELECT id, at, actor, action, subject, detail, outcome FROM audit \
                       WHERE id < $1 ORDER BY id DESC LIMIT $2";
            let query = query(sql)
                // Numbers ascend, so a page needs no offset and new entries do not move it.
                .bind(before.map_or(i64::MAX, |id| id.0))
                .bind(i64::from(limit));
            let mut tx = self.db.reader().await?;
            let rows = query.fetch_all(&mut *tx).await?;
            rows.iter().map(entry).collect()
        };
        self.db.read(work).await
    }
}

pub(crate) async fn insert(connection: &mut AnyConnection, entry: &AuditEntry) -> Result<AuditId> {
    // The database gives the number: two writers never get the same.
    let sql = "INSERT INTO audit (at, actor, action, subject, detail, outcome) \
               VALUES ($1, $2, $3, $4, $5, $6) RETURNING id";
    let query = query(sql)
        .bind(entry.at.0)
        .bind(plain(&entry.actor))
        .bind(plain(&entry.action))
        .bind(plain(&entry.subject))
        .bind(plain(&entry.detail))
        .bind(entry.outcome.as_deref().map(plain));
    let row = query.fetch_one(connection).await?;
    Ok(AuditId(row.try_get(0)?))
}

fn entry(row: &AnyRow) -> Result<AuditEntry> {
    Ok(AuditEntry {
        id: AuditId(row.try_get(0)?),
        at: Timestamp(row.try_get(1)?),
        actor: row.try_get(2)?,
        action: row.try_get(3)?,
        subject: row.try_get(4)?,
        detail: row.try_get(5)?,
        outcome: row.try_get(6)?,
    })
}

/// Text that both databases take: PostgreSQL has no NUL.
pub(crate) fn plain(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

/// Every row, oldest first.
pub(crate) async fn all(connection: &mut AnyConnection) -> Result<Vec<AuditEntry>> {
    let sql = "SELECT id, at, actor, action, subject, detail, outcome FROM audit ORDER BY id";
    let rows = query(sql).fetch_all(connection).await?;
    rows.iter().map(entry).collect()
}
