//! The migration from access keys that is in progress, or the last one.

use super::{
    fields::Fields,
    page::{Frame, PageError, PageResult, Section, after, moment, page},
    table::{Asked, Column, Compare, Table, TableKind},
    visitor::Visitor,
    words::{self, Badge, Moment, counted},
};
use crate::error::AdminError;
use askama::Template;
use axum::response::Response;
use gateway_api::{MigrationItem, MigrationState, MigrationView};
use gateway_control::Fault;
use std::borrow::Cow;

/// The page of the migration.
pub(super) const PATH: &str = "/ui/migration";

const TABLE: TableKind<Compare<MigrationItem>> = table_at(PATH);

const COLUMNS: &[Column<Compare<MigrationItem>>] = &[
    Column::sorts("Account", "account", |one, other| {
        one.account.cmp(&other.account)
    }),
    Column::sorts("Account numbers", "number", |one, other| {
        one.numbers.cmp(&other.numbers)
    }),
    Column::sorts("Profiles of the older software", "profile", |one, other| {
        one.profiles.cmp(&other.profiles)
    }),
    // What waits for a person comes first.
    Column::sorts("State", "state", |one, other| {
        let place = |it: &MigrationItem| (!waits(it.state), words::migration_state(it.state).text);
        place(one).cmp(&place(other))
    }),
    Column::plain("What is to do"),
];

/// The table of a migration's logins, or of those of a plan.
pub(super) const fn table_at(path: &'static str) -> TableKind<Compare<MigrationItem>> {
    TableKind {
        path,
        hint: "account, number or profile",
        // The order of the list.
        usual: "",
        keeps: &[],
        columns: COLUMNS,
    }
}

/// What a login is searched by.
pub(super) fn texts(item: &MigrationItem) -> Vec<Cow<'_, str>> {
    let numbers = item.numbers.iter().map(|it| it.as_str());
    let profiles = item.profiles.iter().map(String::as_str);
    let texts = [
        item.account.as_str(),
        item.environment.as_str(),
        words::migration_state(item.state).text,
    ];
    let texts = texts.into_iter().chain(numbers).chain(profiles);
    texts.map(Into::into).collect()
}

#[derive(Template)]
#[template(path = "ui/migration.html")]
struct MigrationPage {
    frame: Frame,
    current: Option<Current>,
}

/// A migration as it is now.
struct Current {
    id: String,
    begun: Moment,
    ended: Option<Moment>,
    backup: Option<Backup>,
    sign_ins: SignIns,
    items: Vec<Item>,
    table: Table,
    /// Whether something that it added may still be there.
    can_be_undone: bool,
}

impl Current {
    const fn table(&self) -> &Table {
        &self.table
    }
}

/// The backup that was made before it.
struct Backup {
    file: String,
    passphrase_file: String,
}

/// The sign-ins that the migration needs.
struct SignIns {
    done: usize,
    all: usize,
}

impl SignIns {
    fn of(items: &[MigrationItem]) -> Self {
        let count = |wanted: fn(MigrationState) -> bool| {
            items.iter().filter(|item| wanted(item.state)).count()
        };
        let done = count(|state| state == MigrationState::Done);
        Self {
            done,
            all: done + count(waits),
        }
    }

    /// `Next: 2 of 3 sign-ins`; nothing if none is left.
    fn headline(&self) -> Option<String> {
        let next = self.done + 1;
        (next <= self.all).then(|| format!("Next: {next} of {}", counted(self.all, "sign-in")))
    }
}

/// One login: an account, and everything that shares its sign-in.
pub(super) struct Item {
    pub(super) account: String,
    pub(super) environment: &'static str,
    pub(super) numbers: String,
    pub(super) profiles: String,
    pub(super) badge: Badge,
    pub(super) message: String,
    /// Whether the account is there.
    pub(super) exists: bool,
    /// Whether a person has to sign in.
    pub(super) waits: bool,
}

impl Item {
    /// An item of a plan, whose account may not be there yet.
    pub(super) fn planned(item: MigrationItem) -> Self {
        Self {
            exists: false,
            ..Self::begun(item)
        }
    }

    fn begun(item: MigrationItem) -> Self {
        let numbers: Vec<&str> = item.numbers.iter().map(|it| it.as_str()).collect();
        // The page has a button for this.
        let command = format!("`waybill account authorize {}`", item.account);
        let message = item.message.replace(&format!(": {command}"), "");
        Self {
            account: item.account.to_string(),
            environment: item.environment.as_str(),
            numbers: numbers.join(", "),
            profiles: item.profiles.join(", "),
            badge: words::migration_state(item.state),
            message: message.replace(&format!(" with {command}"), ""),
            exists: item.state != MigrationState::Skipped,
            waits: waits(item.state),
        }
    }
}

/// Whether a person has to sign in. A sign-in that was refused may be repeated as somebody else.
const fn waits(state: MigrationState) -> bool {
    match state {
        MigrationState::NeedsConsent | MigrationState::Failed => true,
        MigrationState::Compliant | MigrationState::Done | MigrationState::Skipped => false,
    }
}

/// The migration in progress, or the last one.
pub(super) async fn migration(visitor: Visitor, asked: Asked) -> PageResult {
    let current = match visitor.control.migration().await {
        Ok(view) => Some(current(&visitor, view, asked)),
        Err(error) if error.fault == Fault::NotFound => None,
        Err(error) => return Err(error.into()),
    };
    page(&MigrationPage {
        frame: Frame::new(&visitor, Section::Migration, "Migration"),
        current,
    })
}

fn current(visitor: &Visitor, view: MigrationView, asked: Asked) -> Current {
    let left_out = |item: &MigrationItem| item.state == MigrationState::Skipped;
    let sign_ins = SignIns::of(&view.items);
    let can_be_undone = !view.items.iter().all(left_out);
    let (items, table) = TABLE.page(asked, view.items, texts);
    Current {
        id: view.id,
        begun: moment(visitor, view.created_at),
        ended: view.ended_at.map(|at| moment(visitor, at)),
        backup: view.backup.map(|file| Backup {
            passphrase_file: match file.strip_suffix(".backup") {
                Some(name) => format!("{name}.passphrase"),
                None => "FILE".to_owned(),
            },
            file,
        }),
        sign_ins,
        can_be_undone,
        items: items.into_iter().map(Item::begun).collect(),
        table,
    }
}

/// Removes what the migration added, if the person has typed its id.
pub(super) async fn undo(visitor: Visitor, fields: Fields) -> Result<Response, PageError> {
    let current = visitor.control.migration().await;
    let done = match current {
        Ok(view) if fields.text("confirm") == view.id => {
            let undone = visitor.control.undo_migration(&visitor.actor).await;
            undone.map(|view| format!("The migration {} is undone.", view.id))
        }
        Ok(view) => {
            let message = format!(
                "type {} to undo the migration; nothing was removed",
                view.id
            );
            let error = PageError(AdminError::Invalid("not_confirmed", message));
            return Ok(after(&visitor, Err::<String, _>(error), PATH));
        }
        Err(error) => Err(error),
    };
    Ok(after(&visitor, done.map_err(Into::into), PATH))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(state: MigrationState) -> MigrationItem {
        MigrationItem {
            account: "shop".parse().expect("a name"),
            numbers: Vec::new(),
            environment: gateway_model::Environment::Test,
            profiles: Vec::new(),
            state,
            message: String::new(),
        }
    }

    #[test]
    fn next_sign_in_is_counted_among_those_that_the_migration_needs() {
        use MigrationState::{Compliant, Done, Failed, NeedsConsent, Skipped};
        for (states, next) in [
            (&[NeedsConsent][..], Some("Next: 1 of 1 sign-in")),
            (
                &[Done, NeedsConsent, Compliant, Failed, Skipped],
                Some("Next: 2 of 3 sign-ins"),
            ),
            (&[Done, Compliant, Skipped], None),
            (&[], None),
        ] {
            let items: Vec<_> = states.iter().copied().map(item).collect();
            assert_eq!(
                SignIns::of(&items).headline().as_deref(),
                next,
                "{states:?}"
            );
        }
    }
}
