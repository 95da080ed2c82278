//! What the configuration file declares: accounts and apps.

use gateway_model::Secret;
use gateway_store::{AccountRecord, AppRecord};
use sha2::{Digest as _, Sha256};

/// The accounts and apps of the configuration. Times and revisions in the records are not set yet.
#[derive(Clone, Debug, Default)]
pub struct Declared {
    /// Its accounts.
    pub accounts: Vec<AccountRecord>,
    /// Its apps.
    pub apps: Vec<DeclaredApp>,
}

/// An app of the configuration.
#[derive(Clone, Debug)]
pub struct DeclaredApp {
    /// The app.
    pub record: AppRecord,
    /// Retired access keys by which it is recognised. The tokens of its first account replace them.
    pub legacy_keys: Vec<Secret>,
}

impl Declared {
    /// A text that is equal where two gateways of one version have the same accounts and apps in their files,
    /// in any order. Secrets are masked in it: nobody can try secrets against the digest.
    pub(crate) fn digest(&self) -> String {
        let mut accounts: Vec<_> = self.accounts.iter().collect();
        accounts.sort_by_key(|account| &account.name);
        let mut apps: Vec<_> = self.apps.iter().map(|app| &app.record).collect();
        apps.sort_by_key(|app| &app.name);
        let mut hasher = Sha256::new();
        for account in accounts {
            hasher.update(format!("{account:?}\n"));
        }
        for app in apps {
            hasher.update(format!("{app:?}\n"));
        }
        let digest = hasher.finalize();
        digest
            .iter()
            .take(8)
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
}
