//! Names for what a migration adds: valid, free, and close to the profile's own name.

use super::known::Known;
use gateway_model::{AccountId, AppId};
use gateway_store::AccountRecord;
use std::{collections::BTreeSet, str::FromStr};

/// The names that are taken. Case is ignored: `Main` and `main` would be confused.
pub(super) struct Names {
    accounts: BTreeSet<String>,
    apps: BTreeSet<String>,
}

impl Names {
    pub(super) fn taken(known: &Known) -> Self {
        let of_account = |account: &AccountRecord| {
            let names = std::iter::once(&account.name).chain(&account.aliases);
            names
                .map(|name| name.as_str().to_lowercase())
                .collect::<Vec<_>>()
        };
        Self {
            accounts: known.accounts.iter().flat_map(of_account).collect(),
            apps: known
                .apps
                .iter()
                .map(|app| app.name.as_str().to_lowercase())
                .collect(),
        }
    }

    /// Reserves a name, if it is free.
    pub(super) fn reserve(&mut self, name: &AccountId) -> bool {
        self.accounts.insert(name.as_str().to_lowercase())
    }

    pub(super) fn account(&mut self, profile: &str) -> AccountId {
        free(&mut self.accounts, profile)
    }

    pub(super) fn app(&mut self, profile: &str) -> AppId {
        free(&mut self.apps, profile)
    }

    /// An alias must be the exact name, because an app sends that one: if it is taken, there is none.
    pub(super) fn alias(&mut self, profile: &str) -> Option<AccountId> {
        let name = clean(profile);
        self.accounts
            .insert(name.to_lowercase())
            .then(|| name.parse().ok())
            .flatten()
    }
}

/// The profile's name, reduced to valid characters, with a number if it is taken.
fn free<T: FromStr>(taken: &mut BTreeSet<String>, profile: &str) -> T {
    let name = clean(profile);
    // Without an end: one of all numbers is free.
    let numbered = (2_u32..).map(|turn| format!("{name}-{turn}"));
    std::iter::once(name.clone())
        .chain(numbered)
        .filter(|name| taken.insert(name.to_lowercase()))
        .find_map(|name| name.parse().ok())
        .expect("a clean name with a number is a name, and one of all numbers is free")
}

/// The valid characters of a name, at most 50; never empty.
fn clean(profile: &str) -> String {
    let mut name = String::new();
    for c in profile.trim().chars() {
        match c {
            c if c.is_ascii_alphanumeric() || matches!(c, '_' | '.') => name.push(c),
            // One dash for a run of other characters, and none at the beginning.
            _ if name.is_empty() || name.ends_with('-') => {}
            _ => name.push('-'),
        }
        if name.len() >= 50 {
            break;
        }
    }
    let name = name.trim_end_matches('-');
    if name.is_empty() {
        "account".to_owned()
    } else {
        name.to_owned()
    }
}
