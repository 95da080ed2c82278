//! Rows of grants: read with what a change depends on, and written only if that is still so.

use super::right::Right;
use crate::statement::query;
use crate::table::{Sealed as _, SealedRow};
use crate::{GrantRecord, RenewalEntry, Store, StoreError, renewals};
use gateway_model::{AccountId, IntentId};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AssertSqlSafe, Row as _};

type Result<T> = std::result::Result<T, StoreError>;

/// A grant as its row has it.
pub(crate) struct KeptGrant {
    pub(crate) record: GrantRecord,
    /// The presentation whose outcome was written last.
    pub(crate) completed: Option<IntentId>,
    /// PostgreSQL's number of the row's last change.
    changed_in: Option<String>,
}

/// What a change makes of a grant.
pub(super) struct GrantChange<'a> {
    pub(super) next: &'a GrantRecord,
    pub(super) completed: Option<&'a IntentId>,
    /// The journal's entry. In the same transaction: the journal never tells of what was not written.
    pub(super) entry: Option<&'a RenewalEntry>,
    /// Whether the other gateways have to know.
    pub(super) told: bool,
}

impl Store {
    /// One account's grant, read within a change.
    pub(super) async fn look_up_grant(
        &self,
        connection: &mut AnyConnection,
        account: &AccountId,
    ) -> Result<Option<KeptGrant>> {
        // PostgreSQL numbers what changes a row, so that the change can ask whether it is the same still.
        let changed_in = if self.is_shared() {
            "xmin::text"
        } else {
            "NULL"
        };
        let clear = GrantRecord::CLEAR;
        let sql = format!(
            "SELECT done_intent, sealed, {clear}, {changed_in} FROM grants WHERE account = $1"
        );
        let query = query(AssertSqlSafe(sql)).bind(account.as_str());
        match query.fetch_optional(connection).await? {
            Some(row) => self.kept(account, &row).await,
            None => Ok(None),
        }
    }

    pub(crate) async fn find_grant(
        &self,
        connection: &mut AnyConnection,
        account: &AccountId,
    ) -> Result<KeptGrant> {
        let found = self.look_up_grant(connection, account).await?;
        found.ok_or(StoreError::Fenced)
    }

    /// The same for a change by this right: the account cannot change hands until the transaction ends.
    pub(super) async fn look_up_by(
        &self,
        connection: &mut AnyConnection,
        account: &AccountId,
        right: &Right,
    ) -> Result<Option<KeptGrant>> {
        let Right::Owner { me, fence } = right else {
            return self.look_up_grant(connection, account).await;
        };
        let clear = GrantRecord::CLEAR;
        let sql = format!(
            "SELECT g.done_intent, g.sealed, g.clear, g.changed_in, o.owner = $2 AND o.fence = $3, \
             EXISTS (SELECT 1 FROM replicas \
             WHERE id = $2 AND NOT dead AND until > clock_timestamp()) \
             FROM owners o LEFT JOIN (SELECT account, done_intent, sealed, {clear} AS clear, \
             xmin::text AS changed_in FROM grants) g ON g.account = o.account \
             WHERE o.account = $1 FOR SHARE OF o"
        );
        let query = query(AssertSqlSafe(sql))
            .bind(account.as_str())
            .bind(me.id.as_str().to_owned())
            .bind(fence.0);
        let row = query.fetch_optional(connection).await?;
        let Some(row) = row.filter(|row| row.try_get(4).unwrap_or(false)) else {
            // Another gateway's by now, or the account is gone.
            me.forget(account);
            return Err(StoreError::Fenced);
        };
        if !row.try_get::<bool, _>(5)? {
            me.ended();
            return Err(StoreError::Fenced);
        }
        self.kept(account, &row).await
    }

    async fn kept(&self, account: &AccountId, row: &AnyRow) -> Result<Option<KeptGrant>> {
        let Some(sealed) = row.try_get::<Option<Vec<u8>>, _>(1)? else {
            return Ok(None);
        };
        let completed: Option<String> = row.try_get(0)?;
        let sealed = SealedRow {
            key: account.as_str().as_bytes().to_vec(),
            sealed,
            clear: row.try_get(2)?,
        };
        Ok(Some(KeptGrant {
            record: self.open_row(&sealed).await?,
            // In clear, as it tells a repeated call apart without opening anything.
            completed: completed.map(IntentId::new),
            changed_in: row.try_get(3)?,
        }))
    }

    /// Writes a change if the row is the one that was read; `false` if another gateway wrote it meanwhile.
    pub(super) async fn write_change(
        &self,
        connection: &mut AnyConnection,
        kept: Option<&KeptGrant>,
        change: GrantChange<'_>,
    ) -> Result<bool> {
        let GrantChange {
            next,
            completed,
            entry,
            told,
        } = change;
        if !self.is_shared() {
            self.write_grant(connection, next, completed).await?;
            if let Some(entry) = entry {
                renewals::insert(connection, entry).await?;
            }
            return Ok(true);
        }
        let (owner, fence) = columns(next);
        let sql = statement(kept.is_some(), entry.is_some(), told);
        let sealed = self.sealer().seal(next)?;
        let message = told.then(|| self.grant_message(next, &sealed));
        let mut query = query(AssertSqlSafe(sql))
            .bind(next.account.as_str())
            .bind(completed.map(|id| id.as_str().to_owned()))
            .bind(sealed)
            .bind(next.version.0)
            .bind(owner)
            .bind(fence);
        if let Some(kept) = kept {
            query = query.bind(kept.changed_in.clone());
        }
        if let Some(entry) = entry {
            query = renewals::bind(query, entry);
        }
        if let Some(message) = message {
            query = query.bind(self.channel()).bind(message);
        }
        let written = query.fetch_optional(connection).await?.is_some();
        Ok(written)
    }

    /// Writes a grant whatever its row says.
    pub(crate) async fn write_grant(
        &self,
        connection: &mut AnyConnection,
        grant: &GrantRecord,
        completed: Option<&IntentId>,
    ) -> Result<()> {
        let sql = "INSERT INTO grants (account, done_intent, sealed, version, owner, fence) \
                   VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (account) DO UPDATE SET \
                   done_intent = excluded.done_intent, sealed = excluded.sealed, \
                   version = excluded.version, owner = excluded.owner, fence = excluded.fence";
        let (owner, fence) = columns(grant);
        let query = query(sql)
            .bind(grant.account.as_str())
            .bind(completed.map(IntentId::as_str))
            .bind(self.sealer().seal(grant)?)
            .bind(grant.version.0)
            .bind(owner)
            .bind(fence);
        query.execute(connection).await?;
        Ok(())
    }
}

fn columns(grant: &GrantRecord) -> (Option<String>, Option<i64>) {
    let by = grant.written_by.as_ref();
    let owner = by.map(|(owner, _)| owner.as_str().to_owned());
    (owner, by.map(|(_, fence)| fence.0))
}

/// The row, the journal and the message in one statement: it gives a row if the grant was written.
fn statement(is_there: bool, journal: bool, told: bool) -> String {
    let mut next = 7;
    let mut sql = if is_there {
        next += 1;
        "WITH written AS (UPDATE grants SET done_intent = $2, sealed = $3, version = $4, owner = $5, \
         fence = $6 WHERE account = $1 AND xmin::text = $7 RETURNING 1)"
            .to_owned()
    } else {
        "WITH written AS (INSERT INTO grants (account, done_intent, sealed, version, owner, fence) \
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (account) DO NOTHING RETURNING 1)"
            .to_owned()
    };
    if journal {
        let places: Vec<String> = (next..next + 6).map(|at| format!("${at}")).collect();
        next += 6;
        let (columns, places) = (renewals::COLUMNS, places.join(", "));
        sql +=
            &format!(", noted AS (INSERT INTO renewals ({columns}) SELECT {places} FROM written)");
    }
    if told {
        sql += &format!(" SELECT pg_notify(${next}, ${}) FROM written", next + 1);
    } else {
        sql += " SELECT 1 FROM written";
    }
    sql
}
