//! A directory is checked, and prepared for look-ups.

use super::{
    index::{Granted, Index, IndexedAccount, IndexedApp, IndexedRoute},
    legacy_keys::LegacyKeys,
    legacy_paths::PathTable,
    rate::{AppBuckets, RefillRate},
    realm::{Map, Realm},
    types::{App, AppLogin, Directory, DirectoryError, LegacyKey, Route},
};
use crate::metrics::AccountCounters;
use foldhash::fast::RandomState;
use gateway_model::{CarrierId, CarrierProfile, Environment, Scheme};
use std::{collections::HashSet, sync::Arc};

impl Index {
    /// Checks a directory and prepares it for `workers`. Accounts and apps that were in `before` keep their
    /// counters and buckets.
    pub(crate) fn new(
        directory: Directory,
        before: Option<&Self>,
        workers: usize,
    ) -> Result<Self, DirectoryError> {
        let mut index = Self {
            routes: Vec::with_capacity(directory.routes.len()),
            accounts: Vec::with_capacity(directory.accounts.len()),
            apps: Vec::with_capacity(directory.apps.len()),
            legacy_keys: Arc::new(LegacyKeys::new(!directory.legacy_keys.is_empty())),
            anonymous_tokens: before.map_or_else(Arc::default, |b| Arc::clone(&b.anonymous_tokens)),
            catch_all: None,
            by_host: Map::default(),
            by_prefix: Map::default(),
            prefix_segments: Vec::new(),
            // With their size: growing would hash everything again several times.
            by_account: sized(directory.accounts.len()),
            by_client_id: Arc::new(sized(directory.apps.len())),
            by_app: Arc::new(sized(directory.apps.len())),
            by_key: Arc::default(),
            origins: HashSet::default(),
            realms: Map::default(),
        };
        for account in directory.accounts {
            let realm = index.realm(&account.carrier, account.environment);
            // By id, so that a renamed account begins to count anew.
            let kept = before.and_then(|before| before.account_by_id(&account.id));
            let counters = kept.map_or_else(
                || Arc::new(AccountCounters::new(workers)),
                |kept| Arc::clone(&kept.counters),
            );
            let indexed = IndexedAccount {
                realm,
                account,
                counters,
            };
            index.add_account(indexed)?;
        }
        // Aliases after accounts: an alias must not take the name of an account that follows.
        index.add_aliases()?;
        for app in directory.apps {
            let kept =
                before.and_then(|before| before.apps.get(before.app_by_id(app.id.as_str())?));
            // Kept, or a change of the directory would refill every app's bucket.
            let buckets = kept.map(|kept| Arc::clone(&kept.buckets));
            index.add_app(app, buckets.unwrap_or_default())?;
        }
        for key in &directory.legacy_keys {
            index.add_legacy_key(key)?;
        }
        let mut legacy_paths = None;
        for route in directory.routes {
            let realm = index.realm(&route.profile.id, route.environment);
            index.add_route(route, realm, &mut legacy_paths)?;
        }
        // Last: both need all routes.
        index.catch_all = index.catch_all_route();
        index.add_origin_hosts();
        Ok(index)
    }

    pub(super) fn realm(&mut self, carrier: &CarrierId, environment: Environment) -> Realm {
        // By number, so that a request compares two integers and no names.
        let next = Realm::numbered(u32::try_from(self.realms.len()).unwrap_or(u32::MAX));
        *self
            .realms
            .entry((carrier.clone(), environment))
            .or_insert(next)
    }

    fn add_account(&mut self, indexed: IndexedAccount) -> Result<(), DirectoryError> {
        let (id, at) = (indexed.account.id.clone(), self.accounts.len());
        if self.by_account.insert(id.clone(), at).is_some() {
            return Err(DirectoryError::AccountTwice(id));
        }
        self.accounts.push(Arc::new(indexed));
        Ok(())
    }

    /// After all accounts, so that an alias never takes the name of one.
    fn add_aliases(&mut self) -> Result<(), DirectoryError> {
        for (at, indexed) in self.accounts.iter().enumerate() {
            for alias in &indexed.account.aliases {
                let taken = self.by_account.insert(alias.clone(), at);
                if taken.is_some_and(|other| other != at) {
                    return Err(DirectoryError::AliasTwice(alias.clone()));
                }
            }
        }
        Ok(())
    }

    fn add_app(&mut self, app: App, buckets: Arc<AppBuckets>) -> Result<(), DirectoryError> {
        let at = self.apps.len();
        if let Some(AppLogin { client_id, .. }) = &app.login
            && Arc::make_mut(&mut self.by_client_id)
                .insert(client_id.clone(), at)
                .is_some()
        {
            return Err(DirectoryError::ClientIdTwice(client_id.clone()));
        }
        let by_app = Arc::make_mut(&mut self.by_app);
        if by_app.insert(app.id.as_str().to_owned(), at).is_some() {
            return Err(DirectoryError::AppTwice(app.id.as_str().to_owned()));
        }
        if let Some(key) = &app.key
            && Arc::make_mut(&mut self.by_key)
                .insert(*key.as_bytes(), at)
                .is_some()
        {
            return Err(DirectoryError::KeyTwice(app.id.as_str().to_owned()));
        }
        self.apps.push(Arc::new(IndexedApp {
            pace: app.rate.map(RefillRate::of),
            granted: self.granted(&app),
            app,
            buckets,
        }));
        Ok(())
    }

    pub(super) fn granted(&self, app: &App) -> Granted {
        let mut accounts = Vec::new();
        let mut defaults: Vec<(Realm, u32)> = Vec::new();
        for id in &app.accounts {
            // Not an error: the account may be inactive, and come back.
            let Some(&account) = self.by_account.get(id) else {
                continue;
            };
            let realm = self.accounts[account].realm;
            let Ok(account) = u32::try_from(account) else {
                continue;
            };
            // In the app's own order, in which the first of a realm is its default.
            accounts.push(account);
            if !defaults.iter().any(|(r, _)| *r == realm) {
                defaults.push((realm, account));
            }
        }
        // Sorted once here, so that each request can search by halves.
        accounts.sort_unstable();
        defaults.sort_unstable();
        Granted {
            accounts: accounts.into(),
            defaults: defaults.into(),
        }
    }

    fn add_legacy_key(&mut self, key: &LegacyKey) -> Result<(), DirectoryError> {
        let app = match &key.app {
            None => None,
            Some(id) => match self.by_app.get(id.as_str()) {
                Some(&app) => Some(app),
                // Not an error: an app that is removed takes its keys with it.
                None => return Ok(()),
            },
        };
        let account = self.by_account.get(&key.account);
        let account = account.map(|&at| (self.accounts[at].realm, at));
        Arc::make_mut(&mut self.legacy_keys).add(key, app, account)
    }

    fn add_route(
        &mut self,
        route: Route,
        realm: Realm,
        legacy_paths: &mut Option<TableOf>,
    ) -> Result<(), DirectoryError> {
        // Checked again, although the configuration did: no token may leave in clear by a mistake of a caller.
        if route.origin.scheme() == Scheme::Http && !route.danger_plaintext {
            return Err(DirectoryError::Plaintext(route.origin.to_string()));
        }
        let at = self.routes.len();
        for host in &route.hosts {
            // Names of hosts have no case.
            if self.by_host.insert(host.to_ascii_lowercase(), at).is_some() {
                return Err(DirectoryError::HostTwice(host.clone()));
            }
        }
        let prefix = match &route.prefix {
            None => None,
            Some(text) => Some(self.add_prefix(text, at)?),
        };
        let default_account = match &route.default_account {
            None => None,
            Some(id) => match self.by_account.get(id) {
                Some(&account) if self.accounts[account].realm == realm => Some(account),
                Some(_) => {
                    let carrier = route.profile.id.clone();
                    let wrong =
                        DirectoryError::DefaultAccount(id.clone(), carrier, route.environment);
                    return Err(wrong);
                }
                // Not an error: the account may be inactive, and come back.
                None => None,
            },
        };
        let label = prefix.as_ref().or_else(|| route.hosts.first()).cloned();
        let legacy_paths = self::legacy_paths(&route.profile, legacy_paths)?;
        self.origins.insert(route.origin.clone());
        self.routes.push(Arc::new(IndexedRoute {
            route,
            realm,
            default_account,
            prefix,
            label: label.unwrap_or_else(|| "catch-all".to_owned()),
            legacy_paths,
        }));
        Ok(())
    }

    fn add_prefix(&mut self, text: &str, at: usize) -> Result<String, DirectoryError> {
        let segments = text.trim_matches('/');
        // Nothing that could be spelled in two ways: a prefix is compared byte by byte.
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'/');
        if segments.is_empty() || segments.contains("//") || !segments.bytes().all(plain) {
            return Err(DirectoryError::Prefix(text.to_owned()));
        }
        let prefix = format!("/{segments}");
        if self.by_prefix.insert(prefix.clone(), at).is_some() {
            return Err(DirectoryError::PrefixTwice(prefix));
        }
        let count = segments.split('/').count();
        if !self.prefix_segments.contains(&count) {
            self.prefix_segments.push(count);
            // Most segments first, for the look-up of the longest prefix.
            self.prefix_segments.sort_unstable_by(|a, b| b.cmp(a));
        }
        Ok(prefix)
    }

    /// The only route, or the only one without hosts and prefix.
    fn catch_all_route(&self) -> Option<usize> {
        if self.routes.len() == 1 {
            return Some(0);
        }
        let asks_nothing =
            |route: &Arc<IndexedRoute>| route.prefix.is_none() && route.route.hosts.is_empty();
        // Two such routes: neither may be guessed, since requests would reach the wrong carrier.
        let mut open = (0..self.routes.len()).filter(|at| asks_nothing(&self.routes[*at]));
        let first = open.next();
        first.filter(|_| open.next().is_none())
    }

    /// Apps that reach the gateway under the carrier's own name select the route by it, unless two
    /// routes share the origin.
    fn add_origin_hosts(&mut self) {
        let mut seen: Map<String, Option<usize>> = Map::default();
        for (at, route) in self.routes.iter().enumerate() {
            let authority = route.route.origin.authority().to_ascii_lowercase();
            seen.entry(authority)
                // Shared by two routes, the name tells neither.
                .and_modify(|at| *at = None)
                .or_insert(Some(at));
        }
        for (authority, at) in seen {
            if let Some(at) = at {
                // `or_insert`: a host that an operator wrote for another route wins.
                self.by_host.entry(authority).or_insert(at);
            }
        }
    }
}

/// A profile, and its older paths. Routes mostly share one.
type TableOf = (Arc<CarrierProfile>, Arc<PathTable>);

fn legacy_paths(
    profile: &Arc<CarrierProfile>,
    last: &mut Option<TableOf>,
) -> Result<Option<Arc<PathTable>>, DirectoryError> {
    let Some(legacy) = &profile.legacy else {
        return Ok(None);
    };
    if let Some((of, table)) = last
        // By pointer: comparing profiles would cost more than preparing the table again.
        && Arc::ptr_eq(of, profile)
    {
        return Ok(Some(Arc::clone(table)));
    }
    let table = Arc::new(PathTable::new(legacy)?);
    *last = Some((Arc::clone(profile), Arc::clone(&table)));
    Ok(Some(table))
}

fn sized<K, V>(entries: usize) -> Map<K, V> {
    Map::with_capacity_and_hasher(entries, RandomState::default())
}
