//! The lists of a configuration as far as they could be read, and an index of their names.

use crate::{
    reader::{At, Context, nearest},
    sections::{account, app, route},
};
use gateway_model::{AccountId, CarrierId, Environment};
use std::collections::{BTreeMap, BTreeSet};

/// Each search for a similar name goes through all accounts, so only this many are made.
const SUGGESTIONS: usize = 16;

/// The lists of a configuration, as far as they could be read.
pub(crate) struct Drafts {
    pub(crate) routes: Vec<route::Draft>,
    pub(crate) accounts: Vec<account::Draft>,
    pub(crate) apps: Vec<app::Draft>,
    /// Accounts may also stand in the store, which is not read here.
    pub(crate) store_lasts: bool,
}

/// A carrier's environment, as in "ups, test".
pub(super) type Realm<'d> = (&'d CarrierId, Environment);

/// The realm of something whose carrier and environment could both be read.
pub(super) fn realm_of<'d>(
    carrier: Option<&'d At<CarrierId>>,
    environment: Option<&At<Environment>>,
) -> Option<Realm<'d>> {
    Some((&carrier?.value, environment?.value))
}

/// What the drafts are looked up by.
pub(super) struct Index<'d> {
    accounts: BTreeMap<&'d str, &'d account::Draft>,
    realms: BTreeSet<Realm<'d>>,
    /// A route whose carrier or environment could not be read.
    has_unreadable_route: bool,
    store_lasts: bool,
    suggestions_left: usize,
}

impl<'d> Index<'d> {
    pub(super) fn new(drafts: &'d Drafts) -> Self {
        let mut accounts = BTreeMap::new();
        for account in &drafts.accounts {
            if let Some(id) = &account.id {
                // The first of two names is kept; the second is a mistake of its own.
                accounts.entry(id.value.as_str()).or_insert(account);
            }
        }
        let realms: Vec<Option<Realm<'d>>> = drafts
            .routes
            .iter()
            .map(|route| realm_of(route.carrier.as_ref(), route.environment.as_ref()))
            .collect();
        Self {
            accounts,
            has_unreadable_route: realms.iter().any(Option::is_none),
            realms: realms.into_iter().flatten().collect(),
            store_lasts: drafts.store_lasts,
            suggestions_left: SUGGESTIONS,
        }
    }

    pub(super) fn has_route(&self, realm: Realm<'_>) -> bool {
        self.realms.contains(&realm)
    }

    /// Whether a route is for the realm, or could not be read and may have been meant for it.
    pub(super) fn may_have_route(&self, realm: Realm<'_>) -> bool {
        self.has_unreadable_route || self.has_route(realm)
    }

    pub(super) fn find(&self, id: &AccountId) -> Option<&'d account::Draft> {
        self.accounts.get(id.as_str()).copied()
    }

    /// The account of that name, or a mistake.
    pub(super) fn account(
        &mut self,
        cx: &mut Context<'_>,
        title: &str,
        named: &At<AccountId>,
    ) -> Option<&'d account::Draft> {
        let found = self.find(&named.value);
        if found.is_none() {
            cx.mistake(
                named.place.clone(),
                format!(
                    "{title} names account {}, which does not exist",
                    named.value
                ),
                self.fix(named.value.as_str()),
            );
        }
        found
    }

    fn fix(&mut self, name: &str) -> String {
        if let Some(similar) = self.similar(name) {
            return format!("write {similar:?}");
        }
        let fix = format!("add an [[account]] with name = {name:?}");
        if self.store_lasts {
            format!(
                "{fix}, or remove it here and name the store's account with `waybill account \
                 set-default` or `waybill app add`"
            )
        } else {
            fix
        }
    }

    fn similar(&mut self, name: &str) -> Option<&'d str> {
        // Counted down even when nothing similar is found, as the search is what costs.
        self.suggestions_left = self.suggestions_left.checked_sub(1)?;
        let known: Vec<&'d str> = self.accounts.keys().copied().collect();
        nearest(name, &known)
    }
}
