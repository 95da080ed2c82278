//! The tables that stand several times in a file: which came, went or changed.

use super::settings::same_secret;
use crate::{Account, App, AppLogin, Route};
use gateway_model::Secret;
use std::collections::BTreeMap;

/// Names of tables that came, went or changed, in the order of their names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NameChanges {
    /// In the new configuration only.
    pub added: Vec<String>,
    /// In the running configuration only.
    pub removed: Vec<String>,
    /// In both, with another content.
    pub changed: Vec<String>,
}

impl NameChanges {
    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn of<T>(
        old: &[T],
        new: &[T],
        name: impl Fn(&T) -> String,
        same: impl Fn(&T, &T) -> bool,
    ) -> Self {
        let by_name = |list: &[T]| -> BTreeMap<String, usize> {
            list.iter()
                .enumerate()
                .map(|(at, it)| (name(it), at))
                .collect()
        };
        let (before, after) = (by_name(old), by_name(new));
        let only_in = |one: &BTreeMap<String, usize>, other: &BTreeMap<String, usize>| {
            let only = one.keys().filter(|name| !other.contains_key(*name));
            only.cloned().collect()
        };
        let changed = after.iter().filter(|(name, at)| {
            let was = before.get(*name).map(|was| &old[*was]);
            was.is_some_and(|was| !same(was, &new[**at]))
        });
        Self {
            added: only_in(&after, &before),
            removed: only_in(&before, &after),
            changed: changed.map(|(name, _)| name.clone()).collect(),
        }
    }
}

/// A route has no name: what selects it stands for one.
pub(super) fn routes(old: &[Route], new: &[Route]) -> NameChanges {
    let name = |route: &Route| {
        let mut name = format!("{} {}", route.carrier, route.environment);
        let prefix = route.prefix.iter().map(String::as_str);
        for selector in prefix.chain(route.hosts.iter().map(String::as_str)) {
            name.push(' ');
            name.push_str(selector);
        }
        name
    };
    NameChanges::of(old, new, name, |one, other| {
        let Route {
            carrier,
            environment,
            account,
            origin,
            danger_plaintext_upstream,
            last_chance,
            hosts,
            prefix,
        } = one;
        *carrier == other.carrier
            && *environment == other.environment
            && *account == other.account
            && *origin == other.origin
            && *danger_plaintext_upstream == other.danger_plaintext_upstream
            && *last_chance == other.last_chance
            && *hosts == other.hosts
            && *prefix == other.prefix
    })
}

pub(super) fn accounts(old: &[Account], new: &[Account]) -> NameChanges {
    let name = |account: &Account| account.id.to_string();
    NameChanges::of(old, new, name, |one, other| {
        let Account {
            // Lines move when others are written above them.
            place: _,
            places: _,
            id: _,
            carrier,
            environment,
            account_numbers,
            aliases,
            grant,
            client_id,
            client_secrets,
            settings,
            secret_settings,
            active,
            default,
        } = one;
        *carrier == other.carrier
            && *environment == other.environment
            && *account_numbers == other.account_numbers
            && *aliases == other.aliases
            && *grant == other.grant
            && *client_id == other.client_id
            && same_secrets(client_secrets, &other.client_secrets)
            && *settings == other.settings
            && secret_settings.keys().eq(other.secret_settings.keys())
            && same_secrets(secret_settings.values(), other.secret_settings.values())
            && *active == other.active
            && *default == other.default
    })
}

pub(super) fn apps(old: &[App], new: &[App]) -> NameChanges {
    let name = |app: &App| app.id.to_string();
    NameChanges::of(old, new, name, |one, other| {
        let App {
            id: _,
            login,
            key,
            accounts,
            rate,
            legacy_keys,
        } = one;
        let parts = |login: &Option<AppLogin>| {
            let login = login.as_ref()?;
            let AppLogin {
                client_id,
                client_secret,
            } = login;
            Some((client_id.clone(), client_secret.clone()))
        };
        let (login, others) = (parts(login), parts(&other.login));
        let id = |login: &Option<(String, Secret)>| login.as_ref().map(|(id, _)| id.clone());
        let secret = |login: Option<(String, Secret)>| login.map(|(_, secret)| secret);
        id(&login) == id(&others)
            && same_secrets(&secret(login), &secret(others))
            && same_secrets(key, &other.key)
            && *accounts == other.accounts
            && *rate == other.rate
            && same_secrets(legacy_keys, &other.legacy_keys)
    })
}

fn same_secrets<'s>(
    one: impl IntoIterator<Item = &'s Secret>,
    other: impl IntoIterator<Item = &'s Secret>,
) -> bool {
    let (mut one, mut other) = (one.into_iter(), other.into_iter());
    loop {
        match (one.next(), other.next()) {
            (None, None) => return true,
            (Some(one), Some(other)) if same_secret(one, other) => {}
            (Some(_) | None, _) => return false,
        }
    }
}
