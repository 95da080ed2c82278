//! Phase 3: whose credentials the request is sent with.

use crate::{
    caller::Caller,
    error::{Code, Problem},
    hygiene::Found,
    names,
    worker::Worker,
};
use http::{HeaderMap, HeaderValue};

/// Chooses the account: the named one, else the app's own for this carrier and environment, else the
/// route's default for callers that are no app.
pub(crate) fn choose(
    worker: &Worker,
    headers: &HeaderMap,
    found: &Found,
    caller: Caller,
    route: usize,
) -> Result<usize, Problem> {
    let index = &worker.index;
    let route = &index.routes[route];
    if found.removed & names::ACCOUNT_BIT != 0
        && let Some(name) = headers.get(names::WAYBILL_ACCOUNT)
    {
        let only = headers
            .get_all(names::WAYBILL_ACCOUNT)
            .iter()
            .nth(1)
            .is_none();
        let account = Some(name)
            .filter(|_| only)
            .and_then(|name| HeaderValue::to_str(name).ok())
            .and_then(|name| index.account(name))
            .filter(|account| index.accounts[*account].0 == route.realm)
            .filter(|account| match caller {
                Caller::App(app) => index.apps[app].may_use(*account),
                Caller::Anonymous => true,
            });
        // U5: the answer does not tell an unknown account from a forbidden one.
        return account.ok_or_else(|| {
            Problem::new(
                Code::AccountForbidden,
                "this caller has no such account at this carrier and environment",
            )
        });
    }
    match caller {
        Caller::App(app) => index.apps[app].default_account(route.realm).ok_or_else(|| {
            Problem::new(
                Code::AccountForbidden,
                "this app has no account at this carrier and environment: grant it one",
            )
        }),
        Caller::Anonymous => route.default_account.ok_or_else(|| {
            Problem::new(
                Code::AccountRequired,
                "name an account in Waybill-Account, or give the route a default account",
            )
        }),
    }
}
