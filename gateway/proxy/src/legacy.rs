//! Apps that still speak the carrier's older API: recognised by their retired key, on today's paths.

use crate::{
    caller::Caller,
    directory::{DirectoryError, LegacyKey},
    directory_view::DirectoryView,
    error::{Code, Problem},
    index::{Map, Realm},
    secret_hash::SecretHash,
};
use gateway_model::LegacyProfile;
use http::{HeaderMap, HeaderValue};
use std::collections::hash_map::Entry;

/// Longer texts are no keys, and not worth hashing.
const MAX_KEY: usize = 256;

/// Whom a key names.
#[derive(Clone, Copy, Debug)]
struct Holder {
    app: Option<usize>,
    /// None if the account is not there now.
    account: Option<(Realm, usize)>,
}

/// The retired keys, by their hashes: the timing of a look-up tells nothing of a key.
#[derive(Debug)]
pub(crate) struct LegacyKeys {
    /// Keys are registered, even if all of them are of apps that are gone.
    in_use: bool,
    holders: Map<[u8; 32], Vec<Holder>>,
}

impl LegacyKeys {
    pub(crate) fn new(in_use: bool) -> Self {
        Self {
            in_use,
            holders: Map::default(),
        }
    }

    pub(crate) fn add(
        &mut self,
        key: &LegacyKey,
        app: Option<usize>,
        account: Option<(Realm, usize)>,
    ) -> Result<(), DirectoryError> {
        let realm = |holder: &Holder| holder.account.map(|(realm, _)| realm);
        let holder = Holder { app, account };
        match self.holders.entry(*key.key.as_bytes()) {
            Entry::Vacant(vacant) => {
                vacant.insert(vec![holder]);
            }
            Entry::Occupied(mut others) => {
                let same = |other: &Holder| account.is_some() && realm(other) == realm(&holder);
                if others.get().iter().any(same) {
                    return Err(DirectoryError::LegacyKeyTwice(key.account.clone()));
                }
                others.get_mut().push(holder);
            }
        }
        Ok(())
    }
}

/// Tells who calls by the retired key of a request. `None` if it holds none.
///
/// As long as no retired key is registered, the field is only removed, as every credential is.
#[cold]
pub(crate) fn caller(
    directory: &DirectoryView,
    legacy: &LegacyProfile,
    route: usize,
    headers: &HeaderMap,
) -> Result<Option<Caller>, Problem> {
    let keys = &directory.index.legacy_keys;
    let mut values = headers.get_all(&legacy.key_header).iter();
    let Some(value) = values.next().filter(|_| keys.in_use) else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(Problem::bad("the retired access key is there twice"));
    }
    let key = HeaderValue::to_str(value).ok();
    let key = key.filter(|key| key.len() <= MAX_KEY).map(SecretHash::of);
    let holders = key.and_then(|key| keys.holders.get(key.as_bytes()));
    let Some(holders) = holders else {
        return Err(Problem::new(
            Code::AppUnauthenticated,
            "the retired access key is not known here",
        ));
    };
    let realm = directory.index.routes[route].realm;
    let here = holders.iter().find_map(|holder| match holder.account {
        Some((of, account)) if of == realm => Some((holder.app, account)),
        Some(_) | None => None,
    });
    match here {
        Some((app, account)) => Ok(Some(Caller::Legacy { app, account })),
        None if holders.iter().any(|holder| holder.account.is_none()) => Err(Problem::new(
            Code::AccountForbidden,
            "the account of this retired access key is not active: activate it, or register the key \
             for another one",
        )),
        None => Err(Problem::new(
            Code::AccountForbidden,
            "this retired access key stands for no account at this carrier and environment",
        )),
    }
}
