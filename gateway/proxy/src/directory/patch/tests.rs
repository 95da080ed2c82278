//! A patched index answers like one that is built anew.

use super::{Account, Index};
use crate::directory::SecretHash;
use crate::directory::types::{App, Directory, LegacyKey, Route};
use gateway_model::{
    AccountId, CarrierApi, CarrierProfile, CredentialCell, Environment, ErrorEnvelope, Refusal,
};
use proptest::{collection::vec, option, prelude::*, sample::select};
use std::sync::Arc;

const NAMES: [&str; 5] = ["a", "b", "c", "d", "e"];

fn id(name: &str) -> AccountId {
    name.parse().expect("a name")
}

fn account(name: &str, environment: Environment, aliases: &[&str]) -> Account {
    Account {
        id: id(name),
        aliases: aliases.iter().map(|alias| id(alias)).collect(),
        carrier: "ups".parse().expect("an id"),
        environment,
        cell: Arc::new(CredentialCell::new(id(name))),
        signer: None,
    }
}

fn profile() -> CarrierProfile {
    const TEMPLATE: &str = r#"{"code":"{code}","message":"{message}"}"#;
    CarrierProfile {
        id: "ups".parse().expect("an id"),
        display_name: String::new(),
        origins: Vec::new(),
        rejected_statuses: Vec::new(),
        headers_when_absent: Vec::new(),
        credential_headers: Vec::new(),
        errors: ErrorEnvelope::new(TEMPLATE).expect("both places are there"),
        unauthenticated: Refusal {
            status: http::StatusCode::UNAUTHORIZED,
            code: String::new(),
            message: String::new(),
        },
        downstream_token: None,
        downstream_basic: false,
        api: CarrierApi::default(),
        legacy: None,
    }
}

fn route(environment: Environment, prefix: &str, default: Option<&str>) -> Route {
    Route {
        profile: Arc::new(profile()),
        environment,
        origin: "https://upstream.test".parse().expect("an origin"),
        danger_plaintext: false,
        hosts: Vec::new(),
        prefix: Some(prefix.to_owned()),
        default_account: default.map(id),
    }
}

fn environment() -> impl Strategy<Value = Environment> {
    select(vec![Environment::Test, Environment::Production])
}

fn an_account() -> impl Strategy<Value = Account> {
    let aliases = vec(select(vec!["a", "x", "y"]), 0..2);
    let parts = (select(&NAMES[..]), environment(), aliases, 0..3_u8);
    parts.prop_map(|(name, environment, aliases, rare)| {
        // Mostly none: they make the index be built anew.
        account(name, environment, if rare == 0 { &aliases } else { &[] })
    })
}

fn a_directory() -> impl Strategy<Value = Directory> {
    let apps = vec(vec(select(&NAMES[..]), 0..4), 0..4);
    let defaults = (
        option::of(select(&NAMES[..])),
        option::of(select(&NAMES[..])),
    );
    let key = option::weighted(0.2, select(&NAMES[..]));
    (vec(an_account(), 0..5), apps, defaults, key).prop_map(|(accounts, apps, defaults, key)| {
        let apps = apps.into_iter().enumerate().map(|(at, accounts)| App {
            id: format!("app-{at}").parse().expect("a name"),
            login: None,
            key: None,
            accounts: accounts.into_iter().map(id).collect(),
            rate: None,
        });
        Directory {
            routes: vec![
                route(Environment::Test, "/test", defaults.0),
                route(Environment::Production, "/live", defaults.1),
            ],
            accounts,
            apps: apps.collect(),
            legacy_keys: key
                .into_iter()
                .map(|name| LegacyKey {
                    key: SecretHash::of("key"),
                    app: None,
                    account: id(name),
                })
                .collect(),
        }
    })
}

/// Everything that requests ask of an index, by names.
fn facts(index: &Index) -> Vec<String> {
    let name = |at: usize| index.accounts[at].account.id.to_string();
    let cell = |at: usize| Arc::as_ptr(&index.accounts[at].account.cell) as usize;
    let names = NAMES.iter().chain(&["x", "y"]);
    let accounts = names.map(|asked| {
        let found = index.account(asked).map(|at| (name(at), cell(at)));
        format!("{asked}: {found:?}")
    });
    let apps = index.apps.iter().flat_map(|app| {
        let uses = (0..index.accounts.len()).filter(|at| app.may_use(*at));
        let mut uses: Vec<String> = uses.map(name).collect();
        uses.sort();
        let defaults = index
            .routes
            .iter()
            .map(|route| app.default_account(route.realm).map(name));
        [format!(
            "{}: {uses:?} {:?}",
            app.app.id,
            defaults.collect::<Vec<_>>()
        )]
    });
    let routes = index
        .routes
        .iter()
        .map(|route| format!("{:?}", route.default_account.map(name)));
    let realms = index.accounts.iter().map(|one| {
        let of = index
            .routes
            .iter()
            .position(|route| route.realm == one.realm);
        format!("{} {of:?}", one.account.id)
    });
    let mut realms: Vec<String> = realms.collect();
    realms.sort();
    let keys = index.legacy_keys.holders("key").map(|holders| {
        holders
            .iter()
            .map(|holder| holder.account.map(|(_, at)| name(at)))
            .collect::<Vec<_>>()
    });
    let keys = format!("{keys:?}");
    accounts
        .chain(apps)
        .chain(routes)
        .chain(realms)
        .chain([keys])
        .collect()
}

/// The directory after the change.
fn changed(mut directory: Directory, account: &Account) -> Directory {
    directory.accounts.retain(|one| one.id != account.id);
    directory.accounts.push(account.clone());
    directory
}

proptest! {
    #![proptest_config(tests_kit::properties(512))]

    #[test]
    fn changed_index_answers_like_one_that_is_built_anew(
        directory in a_directory(),
        account in an_account(),
    ) {
        let Ok(before) = Index::new(directory.clone(), None, 1) else {
            return Ok(());
        };
        let known = facts(&before);
        let after = before.with_account(&account, 1);
        // What was published stays as it is: workers still read it.
        prop_assert_eq!(&facts(&before), &known);
        if let Some(after) = after {
            let whole = Index::new(changed(directory, &account), None, 1);
            let whole = whole.map_err(|error| TestCaseError::fail(error.to_string()))?;
            prop_assert_eq!(facts(&after), facts(&whole));
        }
    }
}

#[test]
fn plain_account_is_added_and_changed_without_a_whole_build() {
    let directory = Directory {
        routes: vec![route(Environment::Test, "/test", Some("b"))],
        accounts: vec![account("a", Environment::Test, &["x"])],
        ..Directory::default()
    };
    let index = Index::new(directory, None, 1).expect("it can be served");
    let added = index.with_account(&account("b", Environment::Test, &[]), 1);
    let added = added.expect("one account more");
    assert_eq!(added.routes[0].default_account, added.account("b"));
    let again = account("a", Environment::Test, &["x"]);
    let changed = added.with_account(&again, 1).expect("another in its place");
    let at = changed.account("x").expect("its other name");
    assert!(Arc::ptr_eq(&changed.accounts[at].account.cell, &again.cell));
    assert!(Arc::ptr_eq(
        &changed.accounts[at].counters,
        &index.accounts[at].counters
    ));
    // Another name, or another realm: more than the account.
    assert!(
        index
            .with_account(&account("a", Environment::Test, &[]), 1)
            .is_none()
    );
    assert!(
        index
            .with_account(&account("a", Environment::Production, &["x"]), 1)
            .is_none()
    );
    assert!(
        index
            .with_account(&account("x", Environment::Test, &[]), 1)
            .is_none()
    );
}
