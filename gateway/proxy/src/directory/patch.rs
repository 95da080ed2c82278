//! One account more, or another one in its place: the present index with one difference.
//!
//! Building the index anew costs each account and each app a look-up, and a gateway may have 10,000 of them.

use super::{
    index::{Index, IndexedAccount},
    types::Account,
};
use crate::metrics::AccountCounters;
use std::sync::Arc;

impl Index {
    /// This index with the account added, or in the place of the one with its id. `None` if the change touches
    /// more than the account, or is wrong: then the index has to be built from the whole directory.
    pub(super) fn with_account(&self, account: &Account, workers: usize) -> Option<Self> {
        match self.by_account.get(&account.id) {
            Some(&at) => self.with_changed(at, account),
            None => self.with_new(account, workers),
        }
    }

    fn with_changed(&self, at: usize, account: &Account) -> Option<Self> {
        let old = &self.accounts[at];
        let known = &old.account;
        // Its name, or one of its other names, leads elsewhere: that is seen with all accounts only.
        let same_names = (&known.id, &known.aliases) == (&account.id, &account.aliases);
        let same_realm =
            known.carrier == account.carrier && known.environment == account.environment;
        if !same_names || !same_realm {
            return None;
        }
        let mut index = self.clone();
        index.accounts[at] = Arc::new(IndexedAccount {
            realm: old.realm,
            account: account.clone(),
            counters: Arc::clone(&old.counters),
        });
        Some(index)
    }

    fn with_new(&self, account: &Account, workers: usize) -> Option<Self> {
        // A retired key may have waited for this account; only the directory knows its name.
        if !account.aliases.is_empty() || self.legacy_keys.in_use() {
            return None;
        }
        let mut index = self.clone();
        let realm = index.realm(&account.carrier, account.environment);
        let at = index.accounts.len();
        index.by_account.insert(account.id.clone(), at);
        index.accounts.push(Arc::new(IndexedAccount {
            realm,
            account: account.clone(),
            counters: Arc::new(AccountCounters::new(workers)),
        }));
        // Apps and routes may name an account that was not there.
        for place in 0..index.apps.len() {
            if index.apps[place].app.accounts.contains(&account.id) {
                let granted = index.granted(&index.apps[place].app);
                Arc::make_mut(&mut index.apps[place]).granted = granted;
            }
        }
        for route in &mut index.routes {
            if route.route.default_account.as_ref() == Some(&account.id) {
                if route.realm != realm {
                    return None;
                }
                Arc::make_mut(route).default_account = Some(at);
            }
        }
        Some(index)
    }
}

#[cfg(test)]
mod tests;
