//! Comparing what a gateway holds with what the database has.

use crate::statement::query;
use crate::table::{self, Sealed, SealedRow};
use crate::{GrantRecord, ReplicaId, Store, StoreError};
use gateway_model::{AccountId, GrantVersion};
use sqlx::{AssertSqlSafe, Row as _};

type Result<T> = std::result::Result<T, StoreError>;

/// Accounts in one statement.
const TOGETHER: usize = 500;

impl Store {
    /// Every grant's version and the gateway that wrote it, by account, without opening records: a record that
    /// a program without fleets wrote is opened.
    pub async fn grant_versions(
        &self,
    ) -> Result<Vec<(AccountId, GrantVersion, Option<ReplicaId>)>> {
        let work = async {
            let sql = "SELECT account, version, owner FROM grants ORDER BY account";
            let mut tx = self.db.reader().await?;
            let rows = query(sql).fetch_all(&mut *tx).await?;
            let mut all = Vec::with_capacity(rows.len());
            for row in rows {
                let account = table::account(row.try_get(0)?)?;
                let version: Option<i64> = row.try_get(1)?;
                let owner: Option<String> = row.try_get(2)?;
                all.push((
                    account,
                    version.map(GrantVersion),
                    owner.map(ReplicaId::new),
                ));
            }
            Ok(all)
        };
        let mut versions = Vec::new();
        for (account, version, owner) in self.db.read_ahead(work).await? {
            if let Some(version) = version {
                versions.push((account, version, owner));
                continue;
            }
            match self.grant(&account).await {
                Ok(Some(grant)) => versions.push((account, grant.version, None)),
                // Quarantined, or removed meanwhile: there is nothing to compare.
                Ok(None) | Err(StoreError::Corrupt { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(versions)
    }

    /// The grants of these accounts that open.
    pub async fn grants_of(&self, accounts: &[AccountId]) -> Result<Vec<GrantRecord>> {
        let mut grants = Vec::with_capacity(accounts.len());
        for some in accounts.chunks(TOGETHER) {
            for row in self.db.read_ahead(self.rows_of(some)).await? {
                match self.open_row::<GrantRecord>(&row).await {
                    Ok(grant) => grants.push(grant),
                    Err(StoreError::Corrupt { .. }) => {}
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(grants)
    }

    async fn rows_of(&self, accounts: &[AccountId]) -> Result<Vec<SealedRow>> {
        // One parameter for each, since not every database has lists.
        let places: Vec<String> = (1..=accounts.len()).map(|at| format!("${at}")).collect();
        let (places, clear) = (places.join(", "), GrantRecord::CLEAR);
        let sql =
            format!("SELECT account, sealed, {clear} FROM grants WHERE account IN ({places})");
        let mut query = query(AssertSqlSafe(sql));
        for account in accounts {
            query = query.bind(account.as_str().to_owned());
        }
        let mut tx = self.db.reader().await?;
        let mut rows = Vec::with_capacity(accounts.len());
        for row in query.fetch_all(&mut *tx).await? {
            let account: String = row.try_get(0)?;
            rows.push(SealedRow {
                key: account.into_bytes(),
                sealed: row.try_get(1)?,
                clear: row.try_get(2)?,
            });
        }
        Ok(rows)
    }
}
