//! What a migration would do. This is computed from what is known; nothing is requested or changed.

use super::{
    known::{ItemStatus, Known, has, same},
    list::{Row, Rows, called},
    logins::{self, LoginGroup},
    names::Names,
    progress::{AddedApp, Item, Progress},
};
use crate::secret_digest::digest;
use gateway_api::{MigrationItem, MigrationState};
use gateway_model::{AccountId, AccountNumber, AppId, CarrierId, Secret};
use gateway_store::{SecretDigest, Timestamp};
use std::collections::BTreeMap;

/// What a migration would do.
pub(super) struct Plan {
    pub(super) carrier: CarrierId,
    pub(super) items: Vec<PlannedItem>,
    pub(super) problems: Vec<String>,
}

/// One account.
pub(super) struct PlannedItem {
    pub(super) view: MigrationItem,
    /// The numbers that no account has yet, with the first row of each.
    pub(super) new_numbers: Vec<(AccountNumber, Row)>,
    pub(super) users: Vec<String>,
    /// Names of its profiles that become aliases of the account.
    pub(super) aliases: Vec<AccountId>,
    pub(super) apps: Vec<PlannedApp>,
}

/// An app to add, which is recognised by a retired key.
pub(super) struct PlannedApp {
    pub(super) name: AppId,
    pub(super) profile: String,
    pub(super) key: Secret,
}

/// The keys that apps are planned for, with the row and the account of each.
type Keys = BTreeMap<SecretDigest, (usize, AccountId)>;

impl Plan {
    pub(super) fn of(carrier: CarrierId, rows: Rows, known: &Known, progress: &Progress) -> Self {
        let groups = logins::group(rows.good, &carrier, known, progress);
        let mut plan = Self {
            carrier,
            items: Vec::new(),
            problems: rows.problems,
        };
        // Shared by all items, so that two of them never get one name or one key.
        let mut names = Names::taken(known);
        let mut keys = BTreeMap::new();
        for group in groups {
            let item = plan.item(&group, known, progress, &mut names, &mut keys);
            plan.items.push(item);
        }
        plan
    }

    fn item(
        &mut self,
        group: &LoginGroup,
        known: &Known,
        progress: &Progress,
        names: &mut Names,
        keys: &mut Keys,
    ) -> PlannedItem {
        let owner = group.account.as_ref().and_then(|name| known.account(name));
        let status = owner.and_then(|account| known.statuses.get(&account.name));
        let users = users(&group.rows);
        let status = status
            .cloned()
            .unwrap_or_else(|| ItemStatus::new(MigrationState::NeedsConsent, absent(&users)));
        let account = match owner {
            Some(account) => account.name.clone(),
            None => {
                // The name of an interrupted run, so that a repetition adds no second account.
                let begun = |item: &&Item| {
                    item.environment == group.environment && has(&item.numbers, &group.numbers[0])
                };
                let begun = progress.items.iter().find(begun);
                let name = begun.map(|item| item.account.clone());
                name.filter(|name| names.reserve(name))
                    .unwrap_or_else(|| names.account(&group.rows[0].name))
            }
        };
        let aliases = group.rows.iter().filter_map(|row| names.alias(&row.name));
        let aliases = aliases.collect();
        let apps = self.apps(&group.rows, &account, known, progress, names, keys);
        let stored = owner.map_or(&[][..], |account| &account.numbers);
        let new = group.numbers.iter().filter(|number| !has(stored, number));
        let new_numbers = new.filter_map(|number| {
            let row = group.rows.iter().find(|row| same(&row.number, number))?;
            Some((number.clone(), row.clone()))
        });
        PlannedItem {
            new_numbers: new_numbers.collect(),
            view: MigrationItem {
                account,
                numbers: group.numbers.clone(),
                environment: group.environment,
                profiles: group.rows.iter().map(|row| row.name.clone()).collect(),
                state: status.state,
                message: status.message,
            },
            users,
            aliases,
            apps,
        }
    }

    /// An app for each key that the store does not know yet.
    fn apps(
        &mut self,
        rows: &[Row],
        account: &AccountId,
        known: &Known,
        progress: &Progress,
        names: &mut Names,
        keys: &mut Keys,
    ) -> Vec<PlannedApp> {
        let mut apps = Vec::new();
        for row in rows {
            let Some(key) = &row.key else {
                continue;
            };
            let of_key = digest(key);
            let stored = known.keys.iter().find(|stored| stored.key == of_key);
            if let Some(stored) = stored {
                if stored.account != *account {
                    self.problems.push(format!(
                        "row {}{}: its access key stands for account {} already: remove the app \
                         {}, or leave the key out here",
                        row.line,
                        called(&row.name),
                        stored.account,
                        stored.app.as_ref().map_or("that has it", AppId::as_str)
                    ));
                }
                continue;
            }
            match keys.get(&of_key) {
                // A key that several rows of one account share needs one app only.
                Some((_, other)) if other == account => {}
                Some((first, _)) => self.problems.push(format!(
                    "row {}{}: row {first} has the same access key with another account: keep the \
                     key in the row whose account its app should use, and empty it in the other",
                    row.line,
                    called(&row.name)
                )),
                None => {
                    keys.insert(of_key, (row.line, account.clone()));
                    let begun = progress.apps.iter().find(|app| app.profile == row.name);
                    apps.push(PlannedApp {
                        name: begun.map_or_else(|| names.app(&row.name), |app| app.name.clone()),
                        profile: row.name.clone(),
                        key: key.clone(),
                    });
                }
            }
        }
        apps
    }

    /// Records in `progress` everything that is about to be added. An item that an earlier,
    /// interrupted run recorded keeps its date: undoing recognises what was added by that date.
    pub(super) fn record_in(&self, progress: &mut Progress, known: &Known, now: Timestamp) {
        progress.carrier = Some(self.carrier.as_str().to_owned());
        for planned in &self.items {
            let view = &planned.view;
            let at = self.recorded(planned, progress, known);
            let before = at.map(|at| progress.items.remove(at));
            let there = known.account(&view.account).is_some();
            let added_at = before.as_ref().and_then(|item| item.added_at);
            let (mut numbers, mut profiles, mut users) = before
                .map_or_else(Default::default, |item| {
                    (item.numbers, item.profiles, item.users)
                });
            numbers.retain(|number| !self.has_elsewhere(planned, number));
            for number in &view.numbers {
                if !has(&numbers, number) {
                    numbers.push(number.clone());
                }
            }
            merge(&mut profiles, &view.profiles);
            merge(&mut users, &planned.users);
            let item = Item {
                account: view.account.clone(),
                numbers,
                environment: view.environment,
                profiles,
                users,
                added_at: added_at.or_else(|| (!there).then_some(now)),
            };
            progress
                .items
                .insert(at.unwrap_or(progress.items.len()), item);
            for app in &planned.apps {
                if !progress.apps.iter().any(|added| added.name == app.name) {
                    progress.apps.push(AddedApp {
                        name: app.name.clone(),
                        profile: app.profile.clone(),
                        added_at: now,
                    });
                }
            }
        }
    }

    /// The position of the item that an earlier run recorded for the same account, or for an account of the
    /// same number that is gone.
    fn recorded(&self, planned: &PlannedItem, progress: &Progress, known: &Known) -> Option<usize> {
        let view = &planned.view;
        let mut items = progress.items.iter();
        let same_account = items.position(|item| item.account == view.account);
        let gone = |item: &Item| {
            item.environment == view.environment
                && known.account(&item.account).is_none()
                && !self
                    .items
                    .iter()
                    .any(|other| other.view.account == item.account)
                && view.numbers.iter().any(|number| has(&item.numbers, number))
        };
        same_account.or_else(|| progress.items.iter().position(gone))
    }

    /// Whether another account of the plan has a number: the list names another user than the last time.
    fn has_elsewhere(&self, planned: &PlannedItem, number: &AccountNumber) -> bool {
        self.items.iter().any(|other| {
            other.view.account != planned.view.account
                && other.view.environment == planned.view.environment
                && has(&other.view.numbers, number)
        })
    }
}

/// The users of rows, each once, in the list's order: the first of them signs in.
fn users(rows: &[Row]) -> Vec<String> {
    let mut users: Vec<String> = Vec::new();
    for user in rows.iter().filter_map(|row| row.user.as_ref()) {
        if !users.iter().any(|known| known.eq_ignore_ascii_case(user)) {
            users.push(user.clone());
        }
    }
    users
}

fn absent(users: &[String]) -> String {
    let who = match users {
        [] => "a user who owns its numbers".to_owned(),
        users => format!(
            "a user who owns its numbers (the old software used {})",
            users.join(", ")
        ),
    };
    format!("no account has these numbers: an account is added, then {who} signs in")
}

fn merge(list: &mut Vec<String>, more: &[String]) {
    for one in more {
        if !list.contains(one) {
            list.push(one.clone());
        }
    }
}
