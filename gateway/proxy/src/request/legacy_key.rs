//! Phase 4, for apps that still use the carrier's older API: identifying them by their retired key.

use crate::{
    directory::view::DirectoryView,
    error::{Code, Problem},
    fields::Fields,
};
use gateway_model::LegacyProfile;
use http::HeaderValue;

/// Longer texts are no keys, and hashing them would only cost time.
const MAX_KEY: usize = 256;

/// Whom a retired key names at the route's carrier and environment.
#[derive(Clone, Copy, Debug)]
pub(super) struct LegacyCaller {
    pub(super) app: Option<usize>,
    pub(super) account: usize,
}

/// Tells who calls by the retired key of a request. `None` if it holds none.
///
/// As long as no retired key is registered, the field is only removed, as every credential is.
#[cold]
pub(super) fn caller(
    directory: &DirectoryView,
    legacy: &LegacyProfile,
    route: usize,
    fields: &Fields,
) -> Result<Option<LegacyCaller>, Problem> {
    let keys = &directory.index.legacy_keys;
    let mut values = fields.get_all(&legacy.key_header);
    let Some(value) = values.next().filter(|_| keys.in_use()) else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(Problem::bad(
            "the request has two retired access keys: send one",
        ));
    }
    let key = HeaderValue::to_str(value).ok();
    let key = key.filter(|key| key.len() <= MAX_KEY);
    let holders = key.and_then(|key| keys.holders(key));
    // Refused and not ignored: the app believes that this key says who it is.
    let Some(holders) = holders else {
        return Err(Problem::new(
            Code::AppUnauthenticated,
            "the retired access key is not registered at this gateway: register it, or remove the header",
        ));
    };
    let realm = directory.index.routes[route].realm;
    let here = holders.iter().find_map(|holder| match holder.account {
        Some((of, account)) if of == realm => Some((holder.app, account)),
        Some(_) | None => None,
    });
    match here {
        Some((app, account)) => Ok(Some(LegacyCaller { app, account })),
        // Told apart, because the remedies differ: one account to activate, or a key to register.
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
