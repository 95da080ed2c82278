//! Names and keys that stand for one thing only.

use super::drafts::Drafts;
use crate::{
    error::Place,
    reader::{At, Context},
    sections::app,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Display,
};

/// Refuses names, client ids and keys that two accounts or two apps have.
pub(super) fn refuse_twice_used(drafts: &Drafts, cx: &mut Context<'_>) {
    let ids = drafts.accounts.iter().filter_map(|draft| draft.id.as_ref());
    let aliases = drafts.accounts.iter().flat_map(|draft| &draft.aliases);
    // Ids and aliases share one space: an app may use either.
    refuse_twice(
        cx,
        // One namespace: apps use a name and an alias alike.
        ids.chain(aliases),
        "two accounts are called",
        "rename one of them",
    );
    let ids = drafts.apps.iter().filter_map(|draft| draft.id.as_ref());
    refuse_twice(cx, ids, "two apps are called", "rename one of them");
    let client_ids = drafts
        .apps
        .iter()
        .filter_map(|draft| draft.client_id.as_ref());
    refuse_twice(
        cx,
        client_ids,
        "two apps have the client_id",
        "give each app a client_id of its own",
    );
    // Keys of all apps and both kinds, since each of them alone must tell the caller.
    let mut keys: BTreeSet<&str> = BTreeSet::new();
    for key in drafts.apps.iter().flat_map(app::Draft::keys) {
        // A key is a secret: no message quotes it.
        if !keys.insert(key.value.expose()) {
            cx.mistake(
                key.place.clone(),
                "two apps have the same key",
                "give each app a key of its own",
            );
        }
    }
}

/// Refuses every value that stands a second time, and names the line of the first.
pub(super) fn refuse_twice<'d, T: Ord + Display + 'd>(
    cx: &mut Context<'_>,
    values: impl Iterator<Item = &'d At<T>>,
    what: &str,
    fix: &str,
) {
    let mut seen: BTreeMap<&T, &Place> = BTreeMap::new();
    for at in values {
        // The line of the first one, because the second may be the right one.
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
