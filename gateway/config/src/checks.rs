//! What only shows when sections are held beside each other: a name used twice, a name that
//! no account has, production mixed with test.
//!
//! Every check looks names up in an [`Index`] instead of searching the lists: with thousands of
//! accounts and apps a search for each would be quadratic.

mod apps;
mod drafts;
mod names;
mod routes;

pub(crate) use drafts::Drafts;

use crate::{error::Place, reader::Context};
use drafts::{Index, realm_of};

/// Records every mistake between the sections.
pub(crate) fn check(drafts: &Drafts, cx: &mut Context<'_>) {
    // Only what could be read is looked up: a mistake within a section is not reported a second time here.
    let mut index = Index::new(drafts);
    // Names first: the later checks would take the first of two accounts of one name.
    names::refuse_twice_used(drafts, cx);
    routes::refuse_same_selectors(drafts, cx);
    routes::check_accounts(drafts, &mut index, cx);
    apps::check(drafts, &mut index, cx);
    routes::refuse_two_defaults(drafts, cx);
    // Notes last, as they concern what is right in itself.
    advise(drafts, &index, cx);
}

/// Notes accounts and files that are valid but have no effect.
fn advise(drafts: &Drafts, index: &Index<'_>, cx: &mut Context<'_>) {
    if drafts.routes.is_empty() {
        cx.note(
            Place::File,
            "there is no [[route]]: no carrier can be reached",
        );
    }
    for account in &drafts.accounts {
        let realm = realm_of(account.carrier.as_ref(), account.environment.as_ref());
        let (Some(id), Some(realm)) = (&account.id, realm) else {
            // Reported by its section already; advice about half an account would confuse.
            continue;
        };
        if !index.has_route(realm) {
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
