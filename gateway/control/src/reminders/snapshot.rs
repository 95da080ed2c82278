//! The present state of all accounts, as reminders need it.

use super::assessment::Facts;
use crate::{ControlError, ControlPlane, serving::ServingAccount};
use gateway_broker::AccountStatus;
use gateway_model::{GrantKind, SecretBytes};
use gateway_store::{AccountRecord, GrantRecord, NoticeRecord};
use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};

/// The present state of all accounts.
pub(super) struct Snapshot {
    accounts: Vec<Arc<ServingAccount>>,
    grants: BTreeMap<String, GrantRecord>,
    status: BTreeMap<String, AccountStatus>,
}

impl Snapshot {
    pub(super) fn facts(&self) -> Vec<Facts<'_>> {
        self.accounts
            .iter()
            .map(|account| self.facts_of(&account.record))
            .collect()
    }

    fn facts_of<'a>(&'a self, account: &'a AccountRecord) -> Facts<'a> {
        Facts {
            account,
            grant: self.grants.get(account.name.as_str()),
            status: self.status.get(account.name.as_str()),
        }
    }

    /// The facts of the notice's account, if it still exists and is active.
    pub(super) fn active(&self, notice: &NoticeRecord) -> Option<Facts<'_>> {
        let mut accounts = self.accounts.iter().map(|account| &account.record);
        let account = accounts.find(|account| account.name == notice.account)?;
        account.active.then(|| self.facts_of(account))
    }
}

impl ControlPlane {
    /// Reads the present state of all accounts. Grants are read only for accounts that a person signs in
    /// for, because only those can end.
    pub(super) async fn account_snapshot(&self) -> Result<Snapshot, ControlError> {
        let store = &self.context.store;
        let accounts = self.served_accounts().await?;
        let consented: HashSet<&str> = accounts
            .iter()
            .map(|account| &account.record)
            .filter(|account| account.grant == GrantKind::AuthorizationCode)
            .map(|account| account.name.as_str())
            .collect();
        let mut grants = BTreeMap::new();
        // An installation without logins reads no grant at all.
        if !consented.is_empty() {
            let keep = |mut grant: GrantRecord| {
                // Secrets do not stay in memory for a review that does not need them.
                (grant.state, grant.token) = (SecretBytes::default(), None);
                grants.insert(grant.account.as_str().to_owned(), grant);
            };
            let wanted = |account: &str| consented.contains(account);
            store.each_grant_of(wanted, keep).await?;
        }
        let status = self.context.broker.handle().list().into_iter();
        Ok(Snapshot {
            grants,
            status: status
                .map(|status| (status.account.as_str().to_owned(), status))
                .collect(),
            accounts,
        })
    }
}
