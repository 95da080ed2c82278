//! Phase 5: choosing the account whose credential the request is sent with.

use super::{caller::Caller, hygiene::HeadInspection};
use crate::{
    directory::index::{Index, IndexedRoute},
    error::{Code, Problem},
    field_names,
    fields::Fields,
};
use http::HeaderValue;

/// Chooses the account: the named one, else the caller's own for this carrier and environment, else the
/// route's default for callers that have none.
pub(super) fn choose(
    index: &Index,
    fields: &Fields,
    inspection: &HeadInspection,
    caller: Caller,
    route: usize,
) -> Result<usize, Problem> {
    let route = &index.routes[route];
    if inspection.removed & field_names::ACCOUNT_BIT != 0
        && let Some(name) = fields.get(&field_names::WAYBILL_ACCOUNT)
    {
        // Two of them leave open which is meant.
        let only = fields
            .get_all(&field_names::WAYBILL_ACCOUNT)
            .nth(1)
            .is_none();
        let account = Some(name)
            .filter(|_| only)
            .and_then(|name| HeaderValue::to_str(name).ok())
            .and_then(|name| index.account(name))
            // An account of another carrier or environment would send a token to the wrong server.
            .filter(|account| index.accounts[*account].realm == route.realm)
            .filter(|account| may_use(index, caller, *account));
        // The answer does not tell an unknown account from a forbidden one.
        return account.ok_or_else(|| {
            Problem::new(
                Code::AccountForbidden,
                "this caller has no such account at this carrier and environment",
            )
        });
    }
    match caller {
        Caller::App(app) => index.apps[app]
            .default_account(route.realm)
            .ok_or_else(|| no_account_of_app(index, app)),
        // A key without rights is refused and not replaced by a default, or it would ship on another account.
        Caller::Legacy { account, .. } if may_use(index, caller, account) => Ok(account),
        Caller::Legacy { .. } => Err(Problem::new(
            Code::AccountForbidden,
            "the app of this retired access key may not use the key's account: grant it",
        )),
        Caller::Anonymous => route.default_account.ok_or_else(|| no_default(route)),
    }
}

fn may_use(index: &Index, caller: Caller, account: usize) -> bool {
    match caller {
        Caller::App(app) | Caller::Legacy { app: Some(app), .. } => {
            index.apps[app].may_use(account)
        }
        Caller::Legacy {
            app: None,
            account: of_key,
        } => account == of_key,
        // Only on a trusted listener, where every caller is this machine's own.
        Caller::Anonymous => true,
    }
}

#[cold]
fn no_account_of_app(index: &Index, app: usize) -> Problem {
    let granted = &index.apps[app].app.accounts;
    let message = if granted
        .iter()
        .any(|id| index.account(id.as_str()).is_none())
    {
        "an account of this app is not active, and it has no other at this carrier and environment: \
         activate it, or grant the app another one"
    } else {
        "this app has no account at this carrier and environment: grant it one"
    };
    Problem::new(Code::AccountForbidden, message)
}

#[cold]
fn no_default(route: &IndexedRoute) -> Problem {
    match &route.route.default_account {
        None => Problem::new(
            Code::AccountRequired,
            "name an account in Waybill-Account, or give the route a default account",
        ),
        Some(id) => Problem::owned(
            Code::AccountRequired,
            format!(
                "the route's default account {id} is not active: activate it, or name another one in \
                 Waybill-Account"
            ),
        ),
    }
}
