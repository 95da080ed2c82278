//! The directory, prepared for look-ups of constant cost. Read by all workers, written by none.

use crate::{
    directory::{Account, App, AppLogin, Directory, DirectoryError, LegacyKey, Route},
    error::{Code, Problem},
    legacy::LegacyKeys,
    legacy_path::PathTable,
    metrics::AccountCounters,
    rate::{AppBuckets, Bucket, Epoch, Pace},
    secret_hash::SecretHash,
};
use foldhash::fast::RandomState;
use gateway_model::{AccountId, CarrierId, CarrierProfile, Environment, Origin, Scheme};
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Instant,
};

pub(crate) type Map<K, V> = HashMap<K, V, RandomState>;

/// A carrier and environment, numbered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Realm(u32);

/// An account, and what was counted for it.
#[derive(Debug)]
pub(crate) struct IndexedAccount {
    pub(crate) realm: Realm,
    pub(crate) account: Account,
    pub(crate) counters: Arc<AccountCounters>,
}

/// An app, with what it may use sorted.
#[derive(Debug)]
pub(crate) struct IndexedApp {
    pub(crate) app: App,
    /// How often it may send a request.
    pub(crate) pace: Option<Pace>,
    pub(crate) buckets: Arc<AppBuckets>,
    accounts: Box<[u32]>,
    defaults: Box<[(Realm, u32)]>,
}

impl IndexedApp {
    /// The first of the app's accounts in this realm.
    pub(crate) fn default_account(&self, realm: Realm) -> Option<usize> {
        let at = self.defaults.binary_search_by_key(&realm, |(r, _)| *r);
        at.ok().map(|at| self.defaults[at].1 as usize)
    }

    /// Whom its tokens name: its id, and four bytes of the hash of its secret, so that they end with
    /// the secret.
    pub(crate) fn subject(&self) -> Option<String> {
        let login = self.app.login.as_ref()?;
        let [a, b, c, d, ..] = *login.secret.as_bytes();
        Some(format!("{}#{a:02x}{b:02x}{c:02x}{d:02x}", self.app.id))
    }

    /// Takes one request out of the app's bucket, if it has a limit.
    pub(crate) fn admit(&self, epoch: Epoch, now: Instant) -> Result<(), Problem> {
        let Some(pace) = self.pace else {
            return Ok(());
        };
        self.buckets
            .requests
            .take(pace, epoch, now)
            .map_err(|wait| {
                let message = "this app sends more requests than it may: slow down";
                Problem::new(Code::AppRateLimited, message).after(wait)
            })
    }

    /// Whether the app may use this account.
    pub(crate) fn may_use(&self, account: usize) -> bool {
        u32::try_from(account).is_ok_and(|account| self.accounts.binary_search(&account).is_ok())
    }
}

/// A route, with its look-ups done.
#[derive(Debug)]
pub(crate) struct IndexedRoute {
    pub(crate) route: Route,
    pub(crate) realm: Realm,
    pub(crate) default_account: Option<usize>,
    /// Normalised: a leading slash, no trailing one.
    pub(crate) prefix: Option<String>,
    /// The carrier's older paths, if it has any.
    pub(crate) older: Option<Arc<PathTable>>,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Index {
    pub(crate) routes: Vec<IndexedRoute>,
    pub(crate) accounts: Vec<IndexedAccount>,
    pub(crate) apps: Vec<IndexedApp>,
    pub(crate) legacy_keys: LegacyKeys,
    /// Token requests of callers that are no app.
    pub(crate) anonymous_tokens: Arc<Bucket>,
    /// The route that takes what no other route takes.
    pub(crate) rest: Option<usize>,
    by_host: Map<String, usize>,
    by_prefix: Map<String, usize>,
    /// How many segments prefixes have, most first.
    prefix_segments: Vec<usize>,
    by_account: Map<AccountId, usize>,
    by_client_id: Map<String, usize>,
    by_app: Map<String, usize>,
    by_key: Map<[u8; 32], usize>,
    origins: HashSet<Origin, RandomState>,
}

impl Index {
    /// Prepares a directory for so many workers. What stays of the directory `before` keeps its
    /// counters and limits.
    pub(crate) fn new(
        directory: Directory,
        before: Option<&Self>,
        workers: usize,
    ) -> Result<Self, DirectoryError> {
        let mut index = Self {
            routes: Vec::with_capacity(directory.routes.len()),
            accounts: Vec::with_capacity(directory.accounts.len()),
            apps: Vec::with_capacity(directory.apps.len()),
            legacy_keys: LegacyKeys::new(!directory.legacy_keys.is_empty()),
            anonymous_tokens: before.map_or_else(Arc::default, |b| Arc::clone(&b.anonymous_tokens)),
            rest: None,
            by_host: Map::default(),
            by_prefix: Map::default(),
            prefix_segments: Vec::new(),
            by_account: Map::default(),
            by_client_id: Map::default(),
            by_app: Map::default(),
            by_key: Map::default(),
            origins: HashSet::default(),
        };
        let mut realms = Map::default();
        for account in directory.accounts {
            let realm = realm(&mut realms, &account.carrier, account.environment);
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
        index.add_aliases()?;
        for app in directory.apps {
            let kept =
                before.and_then(|before| before.apps.get(before.app_by_id(app.id.as_str())?));
            let buckets = kept.map(|kept| Arc::clone(&kept.buckets));
            index.add_app(app, buckets.unwrap_or_default())?;
        }
        for key in &directory.legacy_keys {
            index.add_legacy_key(key)?;
        }
        let mut older = None;
        for route in directory.routes {
            let realm = realm(&mut realms, &route.profile.id, route.environment);
            index.add_route(route, realm, &mut older)?;
        }
        index.rest = index.route_for_the_rest();
        index.add_origin_hosts();
        Ok(index)
    }

    fn add_account(&mut self, indexed: IndexedAccount) -> Result<(), DirectoryError> {
        let (id, at) = (indexed.account.id.clone(), self.accounts.len());
        if self.by_account.insert(id.clone(), at).is_some() {
            return Err(DirectoryError::AccountTwice(id));
        }
        self.accounts.push(indexed);
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
            && self.by_client_id.insert(client_id.clone(), at).is_some()
        {
            return Err(DirectoryError::ClientIdTwice(client_id.clone()));
        }
        if self.by_app.insert(app.id.as_str().to_owned(), at).is_some() {
            return Err(DirectoryError::AppTwice(app.id.as_str().to_owned()));
        }
        if let Some(key) = &app.key
            && self.by_key.insert(*key.as_bytes(), at).is_some()
        {
            return Err(DirectoryError::KeyTwice(app.id.as_str().to_owned()));
        }
        let mut accounts = Vec::new();
        let mut defaults: Vec<(Realm, u32)> = Vec::new();
        for id in &app.accounts {
            // An account that is not there (deactivated, say) is one that the app cannot use now.
            let Some(&account) = self.by_account.get(id) else {
                continue;
            };
            let realm = self.accounts[account].realm;
            let Ok(account) = u32::try_from(account) else {
                continue;
            };
            accounts.push(account);
            if !defaults.iter().any(|(r, _)| *r == realm) {
                defaults.push((realm, account));
            }
        }
        accounts.sort_unstable();
        defaults.sort_unstable();
        self.apps.push(IndexedApp {
            pace: app.rate.map(Pace::of),
            app,
            buckets,
            accounts: accounts.into(),
            defaults: defaults.into(),
        });
        Ok(())
    }

    fn add_legacy_key(&mut self, key: &LegacyKey) -> Result<(), DirectoryError> {
        let app = match &key.app {
            None => None,
            Some(id) => match self.by_app.get(id.as_str()) {
                Some(&app) => Some(app),
                // A key goes with its app.
                None => return Ok(()),
            },
        };
        let account = self.by_account.get(&key.account);
        let account = account.map(|&at| (self.accounts[at].realm, at));
        self.legacy_keys.add(key, app, account)
    }

    fn add_route(
        &mut self,
        route: Route,
        realm: Realm,
        older: &mut Option<Older>,
    ) -> Result<(), DirectoryError> {
        if route.origin.scheme() == Scheme::Http && !route.danger_plaintext {
            return Err(DirectoryError::Plaintext(route.origin.to_string()));
        }
        let at = self.routes.len();
        for host in &route.hosts {
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
                // As for apps: it may come back.
                None => None,
            },
        };
        let older = older_paths(&route.profile, older)?;
        self.origins.insert(route.origin.clone());
        self.routes.push(IndexedRoute {
            route,
            realm,
            default_account,
            prefix,
            older,
        });
        Ok(())
    }

    fn add_prefix(&mut self, text: &str, at: usize) -> Result<String, DirectoryError> {
        let segments = text.trim_matches('/');
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
            self.prefix_segments.sort_unstable_by(|a, b| b.cmp(a));
        }
        Ok(prefix)
    }

    /// The only route, or the only one that asks for nothing.
    fn route_for_the_rest(&self) -> Option<usize> {
        if self.routes.len() == 1 {
            return Some(0);
        }
        let asks_nothing =
            |route: &IndexedRoute| route.prefix.is_none() && route.route.hosts.is_empty();
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
                .and_modify(|at| *at = None)
                .or_insert(Some(at));
        }
        for (authority, at) in seen {
            if let Some(at) = at {
                self.by_host.entry(authority).or_insert(at);
            }
        }
    }

    /// The route that answers to this `Host`, with or without its port.
    pub(crate) fn route_by_host(&self, host: &str) -> Option<usize> {
        if self.by_host.is_empty() {
            return None;
        }
        let host = host.to_ascii_lowercase();
        let without_port = match host.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
            Some(_) | None => host.as_str(),
        };
        self.by_host
            .get(host.as_str())
            .or_else(|| self.by_host.get(without_port))
            .copied()
    }

    /// The route whose prefix the path begins with, longest first.
    pub(crate) fn route_by_prefix(&self, path: &str) -> Option<usize> {
        self.prefix_segments.iter().find_map(|&count| {
            let ends = path
                .bytes()
                .enumerate()
                .skip(1)
                .filter(|(_, b)| *b == b'/')
                .map(|(at, _)| at);
            let end = ends.chain([path.len()]).nth(count - 1)?;
            self.by_prefix.get(path.get(..end)?).copied()
        })
    }

    pub(crate) fn account(&self, id: &str) -> Option<usize> {
        let id: AccountId = id.parse().ok()?;
        self.by_account.get(&id).copied()
    }

    fn account_by_id(&self, id: &AccountId) -> Option<&IndexedAccount> {
        let found = self.accounts.get(*self.by_account.get(id)?)?;
        (found.account.id == *id).then_some(found)
    }

    /// Whether a route leads to this origin.
    pub(crate) fn has_origin(&self, origin: &Origin) -> bool {
        self.origins.contains(origin)
    }

    pub(crate) fn app_by_client_id(&self, client_id: &str) -> Option<usize> {
        self.by_client_id.get(client_id).copied()
    }

    pub(crate) fn app_by_id(&self, id: &str) -> Option<usize> {
        self.by_app.get(id).copied()
    }

    /// The app that a token of ours was issued to, if the secret it was bought with still holds.
    pub(crate) fn app_by_subject(&self, subject: &str) -> Option<usize> {
        let (id, _) = subject.split_once('#')?;
        let app = self.app_by_id(id)?;
        (self.apps[app].subject().as_deref() == Some(subject)).then_some(app)
    }

    /// The app with this static key. The look-up is by hash, so its timing tells nothing of the key.
    pub(crate) fn app_by_key(&self, key: &str) -> Option<usize> {
        if self.by_key.is_empty() {
            return None;
        }
        self.by_key.get(SecretHash::of(key).as_bytes()).copied()
    }
}

/// A profile, and its older paths. Routes mostly share one.
type Older = (Arc<CarrierProfile>, Arc<PathTable>);

fn older_paths(
    profile: &Arc<CarrierProfile>,
    last: &mut Option<Older>,
) -> Result<Option<Arc<PathTable>>, DirectoryError> {
    let Some(legacy) = &profile.legacy else {
        return Ok(None);
    };
    if let Some((of, table)) = last
        && Arc::ptr_eq(of, profile)
    {
        return Ok(Some(Arc::clone(table)));
    }
    let table = Arc::new(PathTable::new(legacy)?);
    *last = Some((Arc::clone(profile), Arc::clone(&table)));
    Ok(Some(table))
}

fn realm(
    realms: &mut Map<(CarrierId, Environment), Realm>,
    carrier: &CarrierId,
    environment: Environment,
) -> Realm {
    let next = Realm(u32::try_from(realms.len()).unwrap_or(u32::MAX));
    *realms.entry((carrier.clone(), environment)).or_insert(next)
}
