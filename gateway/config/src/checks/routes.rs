//! Routes that cannot be told apart, and the default accounts of carriers and environments.

use super::{
    drafts::{Drafts, Index, Realm, realm_of},
    names::refuse_twice,
};
use crate::{reader::Context, sections::route};
use gateway_model::AccountId;
use std::collections::{BTreeMap, BTreeSet};

/// A request must select one route only.
pub(super) fn refuse_same_selectors(drafts: &Drafts, cx: &mut Context<'_>) {
    let mut realms: BTreeSet<Realm<'_>> = BTreeSet::new();
    let mut hosts: BTreeSet<&str> = BTreeSet::new();
    let mut has_default_route = false;
    for route in &drafts.routes {
        let place = &route.place;
        if let Some(realm) = realm_of(route.carrier.as_ref(), route.environment.as_ref())
            && !realms.insert(realm)
        {
            cx.mistake(
                place.clone(),
                format!("two routes are for {}, {}", realm.0, realm.1),
                "remove one of them",
            );
        }
        // A host selects a route before anything else does, so it may stand once only.
        for host in &route.hosts {
            if !hosts.insert(host) {
                cx.mistake(
                    place.clone(),
                    format!("two routes have the host {host}"),
                    "give the host to one of them",
                );
            }
        }
        // A route with neither takes what no other takes; two of them would both.
        if route.hosts.is_empty() && route.prefix.is_none() {
            if has_default_route {
                cx.mistake(
                    place.clone(),
                    "two routes have neither hosts nor prefix, so both would take the same \
                     requests",
                    "add hosts = [\"…\"] or prefix = \"/…\" to one of them",
                );
            }
            has_default_route = true;
        }
    }
    let prefixes = drafts.routes.iter().filter_map(|r| r.prefix.as_ref());
    refuse_twice(
        cx,
        prefixes,
        "two routes have the prefix",
        "change one of them",
    );
}

/// The account of a route exists and is of the route's carrier and environment.
pub(super) fn check_accounts(drafts: &Drafts, index: &mut Index<'_>, cx: &mut Context<'_>) {
    for route in &drafts.routes {
        check_account(route, index, cx);
    }
}

fn check_account(route: &route::Draft, index: &mut Index<'_>, cx: &mut Context<'_>) {
    let Some(named) = &route.account else { return };
    let Some(account) = index.account(cx, &route.title, named) else {
        return;
    };
    let account = realm_of(account.carrier.as_ref(), account.environment.as_ref());
    let realm = realm_of(route.carrier.as_ref(), route.environment.as_ref());
    // Only where both could be read: a guess would report a mistake that is none.
    if let (Some(account), Some(realm)) = (account, realm)
        && account != realm
    {
        cx.mistake(
            named.place.clone(),
            format!(
                "account {} is of {}, {}, but the route is for {}, {}",
                named.value, account.0, account.1, realm.0, realm.1
            ),
            format!("write an account of {}, {}", realm.0, realm.1),
        );
    }
}

/// One default for each carrier and environment, whether a route or an account names it.
pub(super) fn refuse_two_defaults(drafts: &Drafts, cx: &mut Context<'_>) {
    // Routes before accounts: the account that says `default` is the one to change.
    let mut defaults: BTreeMap<Realm<'_>, &AccountId> = BTreeMap::new();
    for route in &drafts.routes {
        let realm = realm_of(route.carrier.as_ref(), route.environment.as_ref());
        if let (Some(realm), Some(named)) = (realm, &route.account) {
            defaults.insert(realm, &named.value);
        }
    }
    for account in drafts.accounts.iter().filter(|account| account.default) {
        let realm = realm_of(account.carrier.as_ref(), account.environment.as_ref());
        let (Some(realm), Some(id)) = (realm, &account.id) else {
            continue;
        };
        if let Some(other) = defaults.insert(realm, &id.value)
            // A route and an account may name the same default.
            && *other != id.value
        {
            cx.mistake(
                account.place.clone(),
                format!(
                    "accounts {other} and {} are both the default of {}, {}",
                    id.value, realm.0, realm.1
                ),
                "leave one of them",
            );
        }
    }
}
