//! Writes a backup's records into a store.

use super::content::Content;
use super::{Overwrite, error::BackupError};
use crate::recover::doubt;
use crate::statement::query;
use crate::store::commit;
use crate::{
    AccountRecord, AdminTokenRecord, AppRecord, AuditEntry, GrantRecord, LegacyKeyRecord,
    MigrationRecord, NoticeRecord, RenewalEntry, RestoredFrom, Store, StoreError, Timestamp, audit,
    migrations, notices, renewals,
};
use sqlx::{AnyConnection, AssertSqlSafe, Row as _};
use std::sync::PoisonError;

/// The tables that a restore empties, in an order that their references allow.
const TABLES: [&str; 14] = [
    "app_accounts",
    "account_names",
    "accounts",
    "grants",
    "consents",
    "invitations",
    "sessions",
    "apps",
    "legacy_keys",
    "admin_tokens",
    "audit",
    "renewals",
    "notices",
    "key_migrations",
];
/// The tables that must be empty for a store to count as empty.
const USED: [&str; 6] = [
    // The audit trail does not count: opening a store may have written to it.
    "accounts",
    "grants",
    "apps",
    "legacy_keys",
    "admin_tokens",
    "key_migrations",
];

/// The parsed records of a backup.
pub(super) struct Records {
    /// When the backup was made.
    made_at: Timestamp,
    accounts: Vec<AccountRecord>,
    grants: Vec<GrantRecord>,
    apps: Vec<AppRecord>,
    legacy_keys: Vec<LegacyKeyRecord>,
    admin_tokens: Vec<AdminTokenRecord>,
    migrations: Vec<MigrationRecord>,
    notices: Vec<NoticeRecord>,
    renewals: Vec<RenewalEntry>,
    audit: Vec<AuditEntry>,
}

impl Records {
    /// Parses all records, or none.
    pub(super) fn parse(content: &Content, made_at: Timestamp) -> Result<Self, BackupError> {
        Ok(Self {
            made_at,
            accounts: content.records("accounts")?,
            grants: content.records("grants")?,
            apps: content.records("apps")?,
            legacy_keys: content.records("legacy_keys")?,
            admin_tokens: content.records("admin_tokens")?,
            migrations: content.records("migrations")?,
            notices: content.records("notices")?,
            renewals: content.records("renewals")?,
            audit: content.records("audit")?,
        })
    }
}

impl Store {
    /// Replaces the records of the store in one transaction.
    pub(super) async fn replace_all(
        &self,
        records: &Records,
        overwrite: Overwrite,
    ) -> Result<(), BackupError> {
        // One transaction for emptying and filling: a crash in between leaves the old state.
        let mut tx = self.db.write(self.db.begin()).await?;
        if overwrite == Overwrite::Refuse {
            self.db
                .read(async { Ok(refuse_used(&mut tx).await) })
                .await??;
        }
        for table in TABLES {
            // The names are constants of the table above, so no value gets into the statement.
            let sql = AssertSqlSafe(format!("DELETE FROM {table}"));
            let work = async { Ok(query(sql).execute(&mut *tx).await?) };
            self.db.write(work).await?;
        }
        self.insert_all(&mut tx, records).await?;
        // A restore counts as a new state: an older file that is put back after it must be noticed.
        let mark = self.db.write(self.advance_mark(&mut tx)).await?;
        // Again: writing all records takes a while, and the file may have been moved meanwhile.
        self.in_place()?;
        self.db.write(commit(tx)).await?;
        // After the commit, like every mark: ahead of the database it would look like a loss.
        self.db.write(self.keep_mark(mark)).await?;
        let list = self.shared.quarantine.lock();
        // Every row is new, so nothing of the old quarantine is left.
        list.unwrap_or_else(PoisonError::into_inner).clear();
        Ok(())
    }

    async fn insert_all(
        &self,
        tx: &mut AnyConnection,
        records: &Records,
    ) -> Result<(), StoreError> {
        // The deadline is each statement's: a large store takes longer than one call may.
        for account in &records.accounts {
            self.db.write(self.insert_account(tx, account)).await?;
        }
        for grant in &records.grants {
            // The backup's refresh token may have been used since it was made.
            let doubtful = doubt(grant, RestoredFrom::Backup(records.made_at));
            let mut grant = doubtful.unwrap_or_else(|| grant.clone());
            // The gateway that wrote it may be one of another fleet.
            grant.written_by = None;
            self.db.write(self.write_grant(tx, &grant, None)).await?;
        }
        for app in &records.apps {
            self.db.write(self.write_app(tx, app)).await?;
        }
        for key in &records.legacy_keys {
            self.db.write(self.write_legacy_key(tx, key)).await?;
        }
        for token in &records.admin_tokens {
            self.db.write(self.write_admin_token(tx, token)).await?;
        }
        for migration in &records.migrations {
            self.db.write(migrations::put(tx, migration)).await?;
        }
        for notice in &records.notices {
            self.db.write(notices::insert(tx, notice)).await?;
        }
        for entry in &records.renewals {
            self.db.write(renewals::insert(tx, entry)).await?;
        }
        for entry in &records.audit {
            self.db.write(audit::insert(tx, entry)).await?;
        }
        Ok(())
    }
}

async fn refuse_used(connection: &mut AnyConnection) -> Result<(), BackupError> {
    let mut counts = Vec::new();
    for table in USED {
        let sql = AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
        let row = query(sql).fetch_one(&mut *connection).await;
        let count: i64 = row
            .and_then(|row| row.try_get(0))
            .map_err(StoreError::from)?;
        counts.push(usize::try_from(count).unwrap_or(0));
    }
    if counts.iter().all(|count| *count == 0) {
        return Ok(());
    }
    Err(BackupError::NotEmpty {
        accounts: counts[0],
        apps: counts[2],
    })
}
