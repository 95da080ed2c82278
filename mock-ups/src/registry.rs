//! The users and apps of one mock, as they are now.

use std::collections::{BTreeMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use subtle::ConstantTimeEq;

use crate::api::{AccountView, Caller, Environment};
use crate::data::{SeedApp, SeedData, SeedUser};

/// Users and apps by name. Few and read seldom: the bearer check holds its own references.
#[derive(Debug)]
pub(crate) struct Registry {
    users: RwLock<BTreeMap<String, User>>,
    apps: RwLock<BTreeMap<String, Arc<App>>>,
    /// The account numbers of all users, in upper case. Tokens share it, so that issuing one is no copy.
    numbers: RwLock<Arc<HashSet<Box<str>>>>,
}

#[derive(Debug, Clone)]
struct User {
    seed: SeedUser,
    /// Grows with every password change; a grant remembers the one it was made under.
    password_version: u64,
}

/// A registered app. The parts that change are behind locks, so that issued tokens see changes.
pub(crate) struct App {
    pub(crate) client_id: Arc<str>,
    pub(crate) name: String,
    pub(crate) owner: String,
    environments: Option<Vec<Environment>>,
    secret: RwLock<String>,
    redirect_uris: RwLock<Vec<String>>,
    blocked: AtomicBool,
    /// Whether `products` holds a list: saves the lock on the path of a call.
    restricted: AtomicBool,
    products: RwLock<Vec<String>>,
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App")
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

impl App {
    fn new(seed: SeedApp) -> Self {
        Self {
            client_id: seed.client_id.into(),
            name: seed.name,
            owner: seed.owner,
            environments: seed.environments,
            secret: RwLock::new(seed.client_secret),
            redirect_uris: RwLock::new(seed.redirect_uris),
            blocked: AtomicBool::new(seed.blocked),
            restricted: AtomicBool::new(seed.products.is_some()),
            products: RwLock::new(seed.products.unwrap_or_default()),
        }
    }

    fn is_known_in(&self, environment: Environment) -> bool {
        let environments = self.environments.as_ref();
        environments.is_none_or(|known| known.contains(&environment))
    }

    pub(crate) fn secret_matches(&self, presented: &str) -> bool {
        let secret = self.secret.read().unwrap_or_else(PoisonError::into_inner);
        // In constant time, as the mock may stand where a real secret was entered by mistake.
        bool::from(secret.as_bytes().ct_eq(presented.as_bytes()))
    }

    /// The secret, for the page that hands the mock's credentials out.
    pub(crate) fn secret(&self) -> String {
        self.secret
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(crate) fn set_secret(&self, secret: String) {
        *self.secret.write().unwrap_or_else(PoisonError::into_inner) = secret;
    }

    pub(crate) fn is_blocked(&self) -> bool {
        self.blocked.load(Ordering::Relaxed)
    }

    pub(crate) fn set_blocked(&self, blocked: bool) {
        self.blocked.store(blocked, Ordering::Relaxed);
    }

    pub(crate) fn redirect_uris(&self) -> Vec<String> {
        self.redirect_uris
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(crate) fn set_redirect_uris(&self, uris: Vec<String>) {
        *self
            .redirect_uris
            .write()
            .unwrap_or_else(PoisonError::into_inner) = uris;
    }

    /// Adds a redirect URI, once.
    pub(crate) fn add_redirect_uri(&self, uri: String) {
        let mut uris = self
            .redirect_uris
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        // Adding twice must be harmless: tests add their own port at each start.
        if !uris.contains(&uri) {
            uris.push(uri);
        }
    }

    /// The products added to the app; `None` means all.
    pub(crate) fn products(&self) -> Option<Vec<String>> {
        self.restricted.load(Ordering::Relaxed).then(|| {
            self.products
                .read()
                .unwrap_or_else(PoisonError::into_inner)
                .clone()
        })
    }

    pub(crate) fn set_products(&self, products: Option<Vec<String>>) {
        let restricted = products.is_some();
        *self
            .products
            .write()
            .unwrap_or_else(PoisonError::into_inner) = products.unwrap_or_default();
        // After the list, so that a reader that sees it restricted finds the new products.
        self.restricted.store(restricted, Ordering::Relaxed);
    }

    /// Whether the product (the first path segment after `/api`) was added to the app.
    pub(crate) fn has_product(&self, product: &str) -> bool {
        // The usual app has all products and takes no lock.
        if !self.restricted.load(Ordering::Relaxed) {
            return true;
        }
        let products = self.products.read().unwrap_or_else(PoisonError::into_inner);
        products.iter().any(|added| added == product)
    }
}

impl Registry {
    pub(crate) fn new(seed: SeedData) -> Self {
        let numbers = seed.users.iter().flat_map(account_numbers).collect();
        let users = seed.users.into_iter().map(|seed| {
            (
                seed.name.clone(),
                User {
                    seed,
                    password_version: 0,
                },
            )
        });
        let apps = seed
            .apps
            .into_iter()
            .map(|seed| (seed.client_id.clone(), Arc::new(App::new(seed))));
        Self {
            users: RwLock::new(users.collect()),
            apps: RwLock::new(apps.collect()),
            numbers: RwLock::new(Arc::new(numbers)),
        }
    }

    /// Back to what is given. Tokens and grants of before must go as well, or they hold users and apps that
    /// are no longer registered.
    // All parts are made first; each is then swapped under its own lock.
    pub(crate) fn reset(&self, seed: SeedData) {
        let Self {
            users,
            apps,
            numbers,
        } = Self::new(seed);
        *self.users.write().unwrap_or_else(PoisonError::into_inner) =
            users.into_inner().unwrap_or_else(PoisonError::into_inner);
        *self.apps.write().unwrap_or_else(PoisonError::into_inner) =
            apps.into_inner().unwrap_or_else(PoisonError::into_inner);
        *self.numbers.write().unwrap_or_else(PoisonError::into_inner) =
            numbers.into_inner().unwrap_or_else(PoisonError::into_inner);
    }

    pub(crate) fn app(&self, client_id: &str) -> Option<Arc<App>> {
        self.apps
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(client_id)
            .cloned()
    }

    /// The app, if the environment knows it.
    pub(crate) fn app_in(&self, environment: Environment, client_id: &str) -> Option<Arc<App>> {
        let app = self.app(client_id);
        app.filter(|app| app.is_known_in(environment))
    }

    pub(crate) fn apps(&self) -> Vec<Arc<App>> {
        self.apps
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .values()
            .cloned()
            .collect()
    }

    /// Adds an app, or replaces the one with the same client id.
    pub(crate) fn put_app(&self, seed: SeedApp) {
        let app = Arc::new(App::new(seed));
        let mut apps = self.apps.write().unwrap_or_else(PoisonError::into_inner);
        apps.insert(app.client_id.to_string(), app);
    }

    /// Adds a user, or replaces the one with the same name. A new password counts as a change.
    pub(crate) fn put_user(&self, seed: SeedUser) {
        // The numbers before the user: a token issued in between must not know fewer numbers than users.
        let mut numbers = self.numbers.write().unwrap_or_else(PoisonError::into_inner);
        Arc::make_mut(&mut numbers).extend(account_numbers(&seed));
        drop(numbers);
        let mut users = self.users.write().unwrap_or_else(PoisonError::into_inner);
        let password_version = users.get(&seed.name).map_or(0, |old| {
            // Only another password counts: replacing a user by the same one keeps the grants.
            old.password_version + u64::from(old.seed.password != seed.password)
        });
        users.insert(
            seed.name.clone(),
            User {
                seed,
                password_version,
            },
        );
    }

    /// The names and accounts of all users, for people.
    pub(crate) fn users(&self) -> Vec<SeedUser> {
        let users = self.users.read().unwrap_or_else(PoisonError::into_inner);
        users.values().map(|user| user.seed.clone()).collect()
    }

    /// The password's version if name and password are right.
    pub(crate) fn log_in(&self, name: &str, password: &str) -> Option<u64> {
        let users = self.users.read().unwrap_or_else(PoisonError::into_inner);
        let user = users.get(name)?;
        // In constant time, as for client secrets.
        bool::from(user.seed.password.as_bytes().ct_eq(password.as_bytes()))
            .then_some(user.password_version)
    }

    pub(crate) fn password_version(&self, name: &str) -> Option<u64> {
        let users = self.users.read().unwrap_or_else(PoisonError::into_inner);
        users.get(name).map(|user| user.password_version)
    }

    /// Changes a password; `false` if there is no such user. Setting the same one counts too.
    pub(crate) fn change_password(&self, name: &str, password: String) -> bool {
        let mut users = self.users.write().unwrap_or_else(PoisonError::into_inner);
        let Some(user) = users.get_mut(name) else {
            return false;
        };
        user.seed.password = password;
        // Also for the same password: the owner entered one, which is what UPS acts on.
        user.password_version += 1;
        true
    }

    /// Client and user as products see them.
    pub(crate) fn caller(&self, client_id: &Arc<str>, user: &str) -> Caller {
        let users = self.users.read().unwrap_or_else(PoisonError::into_inner);
        let accounts = users.get(user).map(|user| {
            user.seed.accounts.iter().map(|account| AccountView {
                number: account.number.as_str().into(),
                negotiated_rates: account.negotiated_rates,
                // A discount of everything would make negotiated rates free.
                discount_per_mille: account.discount_per_mille.min(999),
            })
        });
        Caller {
            client_id: Arc::clone(client_id),
            user: user.into(),
            accounts: accounts.map(Iterator::collect).unwrap_or_default(),
            own_numbers_only: false,
            // Shared by all tokens: one allocation for thousands of numbers.
            known_numbers: Arc::clone(&self.numbers.read().unwrap_or_else(PoisonError::into_inner)),
        }
    }
}

fn account_numbers(user: &SeedUser) -> impl Iterator<Item = Box<str>> {
    let accounts = user.accounts.iter();
    accounts.map(|account| account.number.trim().to_ascii_uppercase().into_boxed_str())
}
