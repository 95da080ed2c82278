//! The directory, prepared for look-ups of constant cost. Read by all workers, written by none.

use crate::{
    directory::{Account, App, AppLogin, Directory, Route},
    secret_hash::SecretHash,
};
use foldhash::fast::RandomState;
use gateway_model::{AccountId, CarrierId, Environment, Scheme};
use std::collections::HashMap;

type Map<K, V> = HashMap<K, V, RandomState>;

/// Why a directory cannot be served.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DirectoryError {
    /// Two routes answer to the same `Host`.
    #[error("the host {0:?} belongs to two routes: remove it from one")]
    HostTwice(String),
    /// Two routes answer to the same prefix.
    #[error("the prefix {0:?} belongs to two routes: change one")]
    PrefixTwice(String),
    /// A prefix that is not one or more plain path segments.
    #[error("{0:?} is not a usable prefix: write it like \"/ups\"")]
    Prefix(String),
    /// Two accounts of one name.
    #[error("the account {0} is there twice: rename one")]
    AccountTwice(AccountId),
    /// Two apps of one client id.
    #[error("the client id {0:?} belongs to two apps: change one")]
    ClientIdTwice(String),
    /// Two apps of one name.
    #[error("the app {0:?} is there twice: rename one")]
    AppTwice(String),
    /// A plaintext origin that was not allowed.
    #[error("{0} is not encrypted: use https, or allow it with danger_plaintext_upstream = true")]
    Plaintext(String),
    /// A route's default account that is not an account of its carrier and environment.
    #[error("the account {0} cannot be the default of a route to {1} ({2})")]
    DefaultAccount(AccountId, CarrierId, Environment),
}

/// A carrier and environment, numbered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Realm(u32);

/// An app, with what it may use sorted.
#[derive(Debug)]
pub(crate) struct IndexedApp {
    pub(crate) app: App,
    accounts: Box<[u32]>,
    defaults: Box<[(Realm, u32)]>,
}

impl IndexedApp {
    /// The first of the app's accounts in this realm.
    pub(crate) fn default_account(&self, realm: Realm) -> Option<usize> {
        let at = self.defaults.binary_search_by_key(&realm, |(r, _)| *r);
        at.ok().map(|at| self.defaults[at].1 as usize)
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
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Index {
    pub(crate) routes: Vec<IndexedRoute>,
    pub(crate) accounts: Vec<(Realm, Account)>,
    pub(crate) apps: Vec<IndexedApp>,
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
}

impl Index {
    pub(crate) fn new(directory: Directory) -> Result<Self, DirectoryError> {
        let mut index = Self {
            routes: Vec::with_capacity(directory.routes.len()),
            accounts: Vec::with_capacity(directory.accounts.len()),
            apps: Vec::with_capacity(directory.apps.len()),
            rest: None,
            by_host: Map::default(),
            by_prefix: Map::default(),
            prefix_segments: Vec::new(),
            by_account: Map::default(),
            by_client_id: Map::default(),
            by_app: Map::default(),
            by_key: Map::default(),
        };
        let mut realms = Map::default();
        for account in directory.accounts {
            let realm = realm(&mut realms, &account.carrier, account.environment);
            let at = index.accounts.len();
            if index.by_account.insert(account.id.clone(), at).is_some() {
                return Err(DirectoryError::AccountTwice(account.id));
            }
            index.accounts.push((realm, account));
        }
        for app in directory.apps {
            index.add_app(app)?;
        }
        for route in directory.routes {
            let realm = realm(&mut realms, &route.profile.id, route.environment);
            index.add_route(route, realm)?;
        }
        index.rest = index.route_for_the_rest();
        index.add_origin_hosts();
        Ok(index)
    }

    fn add_app(&mut self, app: App) -> Result<(), DirectoryError> {
        let at = self.apps.len();
        if let Some(AppLogin { client_id, .. }) = &app.login
            && self.by_client_id.insert(client_id.clone(), at).is_some()
        {
            return Err(DirectoryError::ClientIdTwice(client_id.clone()));
        }
        if self.by_app.insert(app.id.as_str().to_owned(), at).is_some() {
            return Err(DirectoryError::AppTwice(app.id.as_str().to_owned()));
        }
        if let Some(key) = &app.key {
            self.by_key.insert(*key.as_bytes(), at);
        }
        let mut accounts = Vec::new();
        let mut defaults: Vec<(Realm, u32)> = Vec::new();
        for id in &app.accounts {
            // An account that is not there (deactivated, say) is one that the app cannot use now.
            let Some(&account) = self.by_account.get(id) else {
                continue;
            };
            let realm = self.accounts[account].0;
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
            app,
            accounts: accounts.into(),
            defaults: defaults.into(),
        });
        Ok(())
    }

    fn add_route(&mut self, route: Route, realm: Realm) -> Result<(), DirectoryError> {
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
                Some(&account) if self.accounts[account].0 == realm => Some(account),
                Some(_) | None => {
                    let carrier = route.profile.id.clone();
                    let wrong =
                        DirectoryError::DefaultAccount(id.clone(), carrier, route.environment);
                    return Err(wrong);
                }
            },
        };
        self.routes.push(IndexedRoute {
            route,
            realm,
            default_account,
            prefix,
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

    pub(crate) fn app_by_client_id(&self, client_id: &str) -> Option<usize> {
        self.by_client_id.get(client_id).copied()
    }

    pub(crate) fn app_by_id(&self, id: &str) -> Option<usize> {
        self.by_app.get(id).copied()
    }

    /// The app with this static key. The look-up is by hash, so its timing tells nothing of the key.
    pub(crate) fn app_by_key(&self, key: &str) -> Option<usize> {
        if self.by_key.is_empty() {
            return None;
        }
        self.by_key.get(SecretHash::of(key).as_bytes()).copied()
    }
}

fn realm(
    realms: &mut Map<(CarrierId, Environment), Realm>,
    carrier: &CarrierId,
    environment: Environment,
) -> Realm {
    let next = Realm(u32::try_from(realms.len()).unwrap_or(u32::MAX));
    *realms.entry((carrier.clone(), environment)).or_insert(next)
}
