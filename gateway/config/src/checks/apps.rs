//! The accounts that an app may use.

use super::drafts::{Drafts, Index, Realm, realm_of};
use crate::{reader::Context, sections::app};
use gateway_model::AccountId;
use std::collections::BTreeSet;

/// The accounts of every app exist and can be reached, and its defaults are among them.
pub(super) fn check(drafts: &Drafts, index: &mut Index<'_>, cx: &mut Context<'_>) {
    for app in &drafts.apps {
        check_accounts(app, index, cx);
        check_defaults(app, index, cx);
    }
}

fn check_accounts(app: &app::Draft, index: &mut Index<'_>, cx: &mut Context<'_>) {
    for named in &app.accounts {
        let Some(account) = index.account(cx, &app.title, named) else {
            continue;
        };
        let Some(realm) = realm_of(account.carrier.as_ref(), account.environment.as_ref()) else {
            // The account's own mistake was reported where it stands.
            continue;
        };
        // Unreadable routes count in the app's favour: one mistake must not cause a second message.
        if !index.may_have_route(realm) {
            cx.mistake(
                named.place.clone(),
                format!(
                    "{} may use account {}, which is of {}, {}, but no route is for that",
                    app.title, named.value, realm.0, realm.1
                ),
                format!(
                    "add a [[route]] with carrier = \"{}\" and environment = \"{}\", or name an \
                     account of another environment",
                    realm.0, realm.1
                ),
            );
        }
    }
}

fn check_defaults(app: &app::Draft, index: &Index<'_>, cx: &mut Context<'_>) {
    let mut taken: BTreeSet<Realm<'_>> = BTreeSet::new();
    // A set, since an app may name thousands of accounts.
    let accounts: BTreeSet<&AccountId> = app.accounts.iter().map(|at| &at.value).collect();
    for (carrier, named) in &app.defaults {
        if !accounts.contains(&named.value) {
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
        let Some(account) = index.find(&named.value) else {
            continue; // reported where `accounts` names it
        };
        let Some(realm) = realm_of(account.carrier.as_ref(), account.environment.as_ref()) else {
            continue;
        };
        // The carrier is the map's key, so a wrong one is told before two defaults are counted.
        if realm.0 != carrier {
            cx.mistake(
                named.place.clone(),
                format!(
                    "account {} is of {}, not of {carrier}",
                    named.value, realm.0
                ),
                format!("write an account of {carrier}"),
            );
        // One for each environment, which is why the map takes a list.
        } else if !taken.insert(realm) {
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
