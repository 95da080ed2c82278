//! Keys of the carrier's older API that still tell who is calling.

use super::{
    realm::{Map, Realm},
    secret_hash::SecretHash,
    types::{DirectoryError, LegacyKey},
};
use std::collections::hash_map::Entry;

/// Whom a key names.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeyHolder {
    pub(crate) app: Option<usize>,
    /// None if the account is not there now.
    pub(crate) account: Option<(Realm, usize)>,
}

/// The retired keys, by their hashes: the timing of a look-up tells nothing of a key.
#[derive(Clone, Debug)]
pub(crate) struct LegacyKeys {
    /// Keys are registered, even if all of them are of apps that are gone.
    in_use: bool,
    holders: Map<[u8; 32], Vec<KeyHolder>>,
}

impl LegacyKeys {
    pub(super) fn new(in_use: bool) -> Self {
        Self {
            in_use,
            holders: Map::default(),
        }
    }

    pub(super) fn add(
        &mut self,
        key: &LegacyKey,
        app: Option<usize>,
        account: Option<(Realm, usize)>,
    ) -> Result<(), DirectoryError> {
        let realm = |holder: &KeyHolder| holder.account.map(|(realm, _)| realm);
        let holder = KeyHolder { app, account };
        match self.holders.entry(*key.key.as_bytes()) {
            Entry::Vacant(vacant) => {
                vacant.insert(vec![holder]);
            }
            Entry::Occupied(mut others) => {
                // An account that is not there now belongs to no realm, so it can clash with nothing.
                let same = |other: &KeyHolder| account.is_some() && realm(other) == realm(&holder);
                if others.get().iter().any(same) {
                    return Err(DirectoryError::LegacyKeyTwice(key.account.clone()));
                }
                others.get_mut().push(holder);
            }
        }
        Ok(())
    }

    /// Whether any key is registered.
    pub(crate) const fn in_use(&self) -> bool {
        self.in_use
    }

    /// Whom this key names, at most once in each realm.
    pub(crate) fn holders(&self, key: &str) -> Option<&[KeyHolder]> {
        let holders = self.holders.get(SecretHash::of(key).as_bytes())?;
        Some(holders)
    }
}
