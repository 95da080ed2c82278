//! What only shows when sections are held beside each other: names used twice, names that nothing
//! bears, and production mixed with test.

use super::{
    account, app,
    error::Place,
    read::{At, Context, nearest},
    route,
};
use gateway_model::{AccountId, CarrierId, Environment};
use std::{collections::BTreeMap, fmt::Display};

/// The lists of a configuration, as far as they could be read.
pub(super) struct Drafts {
    pub(super) routes: Vec<route::Draft>,
    pub(super) accounts: Vec<account::Draft>,
    pub(super) apps: Vec<app::Draft>,
    /// Accounts may also stand in the store, which is not read here.
    pub(super) store_lasts: bool,
}

/// A carrier's environment, as in "ups, test".
type Realm = (CarrierId, Environment);

impl Drafts {
    pub(super) fn check(&self, cx: &mut Context<'_>) {
        self.names(cx);
        self.route_selectors(cx);
        for route in &self.routes {
            self.route_account(cx, route);
        }
        for app in &self.apps {
            self.app_accounts(cx, app);
            self.app_defaults(cx, app);
        }
        self.account_defaults(cx);
        self.advise(cx);
    }

    /// One default for each carrier and environment, whoever names it.
    fn account_defaults(&self, cx: &mut Context<'_>) {
        let mut defaults: BTreeMap<Realm, &AccountId> = BTreeMap::new();
        for route in &self.routes {
            let realm = realm_of(route.carrier.as_ref(), route.environment.as_ref());
            if let (Some(realm), Some(named)) = (realm, &route.account) {
                defaults.insert(realm, &named.value);
            }
        }
        for account in self.accounts.iter().filter(|account| account.default) {
            let realm = realm_of(account.carrier.as_ref(), account.environment.as_ref());
            let (Some(realm), Some(id)) = (realm, &account.id) else {
                continue;
            };
            let (carrier, environment) = realm.clone();
            if let Some(other) = defaults.insert(realm, &id.value)
                && *other != id.value
            {
                cx.mistake(
                    account.place.clone(),
                    format!(
                        "accounts {other} and {} are both the default of {carrier}, {environment}",
                        id.value
                    ),
                    "leave one of them",
                );
            }
        }
    }

    fn names(&self, cx: &mut Context<'_>) {
        let ids = self.accounts.iter().filter_map(|draft| draft.id.as_ref());
        let aliases = self.accounts.iter().flat_map(|draft| &draft.aliases);
        refuse_twice(
            cx,
            ids.chain(aliases),
            "two accounts are called",
            "rename one of them",
        );
        let ids = self.apps.iter().filter_map(|draft| draft.id.as_ref());
        refuse_twice(cx, ids, "two apps are called", "rename one of them");
        let ids = self
            .apps
            .iter()
            .filter_map(|draft| draft.client_id.as_ref());
        refuse_twice(
            cx,
            ids,
            "two apps have the client_id",
            "give each app a client_id of its own",
        );
        let mut keys: Vec<&str> = Vec::new();
        let app_keys = self.apps.iter().flat_map(app::Draft::keys);
        for key in app_keys {
            if keys.contains(&key.value.expose()) {
                cx.mistake(
                    key.place.clone(),
                    "two apps have the same key",
                    "give each app a key of its own",
                );
            } else {
                keys.push(key.value.expose());
            }
        }
    }

    fn route_selectors(&self, cx: &mut Context<'_>) {
        let mut realms: BTreeMap<Realm, ()> = BTreeMap::new();
        let mut hosts: BTreeMap<&str, ()> = BTreeMap::new();
        let mut takes_the_rest = false;
        for route in &self.routes {
            if let Some(realm) = realm_of(route.carrier.as_ref(), route.environment.as_ref())
                && realms.insert(realm.clone(), ()).is_some()
            {
                cx.mistake(
                    route.place.clone(),
                    format!("two routes are for {}, {}", realm.0, realm.1),
                    "remove one of them",
                );
            }
            for host in &route.hosts {
                if hosts.insert(host, ()).is_some() {
                    cx.mistake(
                        route.place.clone(),
                        format!("two routes have the host {host}"),
                        "give the host to one of them",
                    );
                }
            }
            if route.hosts.is_empty() && route.prefix.is_none() {
                if takes_the_rest {
                    cx.mistake(
                        route.place.clone(),
                        "two routes have neither hosts nor prefix, so both would take the same \
                         requests",
                        "add hosts = [\"…\"] or prefix = \"/…\" to one of them",
                    );
                }
                takes_the_rest = true;
            }
        }
        let prefixes = self.routes.iter().filter_map(|r| r.prefix.as_ref());
        refuse_twice(
            cx,
            prefixes,
            "two routes have the prefix",
            "change one of them",
        );
    }

    fn route_account(&self, cx: &mut Context<'_>, route: &route::Draft) {
        let Some(named) = &route.account else { return };
        let Some(account) = self.account(cx, &route.title, named) else {
            return;
        };
        let account = realm_of(account.carrier.as_ref(), account.environment.as_ref());
        let realm = realm_of(route.carrier.as_ref(), route.environment.as_ref());
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

    fn app_accounts(&self, cx: &mut Context<'_>, app: &app::Draft) {
        for named in &app.accounts {
            let Some(account) = self.account(cx, &app.title, named) else {
                continue;
            };
            let Some(realm) = realm_of(account.carrier.as_ref(), account.environment.as_ref())
            else {
                continue;
            };
            let reachable = self.routes.iter().any(|route| {
                realm_of(route.carrier.as_ref(), route.environment.as_ref())
                    // A route that could not be read may have been meant for it.
                    .is_none_or(|of_route| of_route == realm)
            });
            if !reachable {
                cx.mistake(
                    named.place.clone(),
                    format!(
                        "{} may use account {}, which is of {}, {}, but no route is for that",
                        app.title, named.value, realm.0, realm.1
                    ),
                    format!(
                        "add a [[route]] with carrier = \"{}\" and environment = \"{}\", or name \
                         an account of another environment",
                        realm.0, realm.1
                    ),
                );
            }
        }
    }

    fn app_defaults(&self, cx: &mut Context<'_>, app: &app::Draft) {
        let mut taken: BTreeMap<Realm, ()> = BTreeMap::new();
        for (carrier, named) in &app.defaults {
            if !app.accounts.iter().any(|at| at.value == named.value) {
                cx.mistake(
                    named.place.clone(),
                    format!(
                        "{}: default {} is not among its accounts",
                        app.title, named.value
                    ),
                    "add it to accounts, or write one of those",
                );
                continue;
            }
            let Some(account) = self.find(&named.value) else {
                continue; // reported where `accounts` names it
            };
            let Some(realm) = realm_of(account.carrier.as_ref(), account.environment.as_ref())
            else {
                continue;
            };
            if realm.0 != *carrier {
                cx.mistake(
                    named.place.clone(),
                    format!(
                        "account {} is of {}, not of {carrier}",
                        named.value, realm.0
                    ),
                    format!("write an account of {carrier}"),
                );
            } else if taken.insert(realm.clone(), ()).is_some() {
                cx.mistake(
                    named.place.clone(),
                    format!(
                        "{} has two defaults for {}, {}",
                        app.title, realm.0, realm.1
                    ),
                    "remove one of them",
                );
            }
        }
    }

    fn find(&self, id: &AccountId) -> Option<&account::Draft> {
        self.accounts
            .iter()
            .find(|draft| draft.id.as_ref().is_some_and(|at| at.value == *id))
    }

    /// The account of that name, or a mistake.
    fn account(
        &self,
        cx: &mut Context<'_>,
        title: &str,
        named: &At<AccountId>,
    ) -> Option<&account::Draft> {
        let found = self.find(&named.value);
        if found.is_none() {
            let known: Vec<&str> = self
                .accounts
                .iter()
                .filter_map(|draft| draft.id.as_ref())
                .map(|at| at.value.as_str())
                .collect();
            let fix = match nearest(named.value.as_str(), &known) {
                Some(name) => format!("write {name:?}"),
                None => {
                    let fix = format!("add an [[account]] with name = {:?}", named.value.as_str());
                    if self.store_lasts {
                        format!(
                            "{fix}, or remove it here and name the store's account with `waybill \
                             account set-default` or `waybill app add`"
                        )
                    } else {
                        fix
                    }
                }
            };
            cx.mistake(
                named.place.clone(),
                format!(
                    "{title} names account {}, which does not exist",
                    named.value
                ),
                fix,
            );
        }
        found
    }

    fn advise(&self, cx: &mut Context<'_>) {
        if self.routes.is_empty() {
            cx.note(
                Place::File,
                "there is no [[route]]: no carrier can be reached",
            );
        }
        for account in &self.accounts {
            let realm = realm_of(account.carrier.as_ref(), account.environment.as_ref());
            let (Some(id), Some(realm)) = (&account.id, realm) else {
                continue;
            };
            let reachable = self.routes.iter().any(|route| {
                realm_of(route.carrier.as_ref(), route.environment.as_ref()) == Some(realm.clone())
            });
            if !reachable {
                cx.note(
                    account.place.clone(),
                    format!(
                        "account {} cannot be used: no [[route]] is for {}, {}",
                        id.value, realm.0, realm.1
                    ),
                );
            }
        }
    }
}

fn realm_of(
    carrier: Option<&At<CarrierId>>,
    environment: Option<&At<Environment>>,
) -> Option<Realm> {
    Some((carrier?.value.clone(), environment?.value))
}

fn refuse_twice<'d, T: Ord + Display + 'd>(
    cx: &mut Context<'_>,
    values: impl Iterator<Item = &'d At<T>>,
    what: &str,
    fix: &str,
) {
    let mut seen: BTreeMap<&T, &Place> = BTreeMap::new();
    for at in values {
        if let Some(first) = seen.get(&at.value) {
            let first = match first {
                Place::At { line, .. } => format!(" (the first in line {line})"),
                Place::File | Place::Variable(_) => String::new(),
            };
            cx.mistake(at.place.clone(), format!("{what} {}{first}", at.value), fix);
        } else {
            seen.insert(&at.value, &at.place);
        }
    }
}
