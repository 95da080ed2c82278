//! What a migration would do. This is computed from what is known; nothing is requested or changed.

use super::{
    known::{ItemStatus, Known, same},
    list::{Row, Rows},
    names::Names,
    progress::{AddedApp, Item, Progress},
};
use crate::secret_digest::digest;
use gateway_api::{MigrationItem, MigrationState};
use gateway_model::{AccountId, AppId, CarrierId, Secret};
use gateway_store::Timestamp;
use std::collections::BTreeSet;

/// What a migration would do.
pub(super) struct Plan {
    pub(super) carrier: CarrierId,
    pub(super) items: Vec<PlannedItem>,
    pub(super) problems: Vec<String>,
}

/// One account number.
pub(super) struct PlannedItem {
    pub(super) view: MigrationItem,
    /// The number of its first row.
    pub(super) line: usize,
    /// Whether an account has to be added for it.
    pub(super) adds: bool,
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

impl Plan {
    pub(super) fn of(carrier: CarrierId, rows: Rows, known: &Known, progress: &Progress) -> Self {
        let mut plan = Self {
            carrier,
            items: Vec::new(),
            problems: rows.problems,
        };
        // Shared by all items, so that two of them never get one name.
        let mut names = Names::taken(known);
        for group in groups(rows.good) {
            let item = plan.item(&group, known, progress, &mut names);
            plan.items.push(item);
        }
        plan
    }

    fn item(
        &mut self,
        group: &[Row],
        known: &Known,
        progress: &Progress,
        names: &mut Names,
    ) -> PlannedItem {
        let first = &group[0];
        let owner = known.owner(&self.carrier, &first.number, first.environment);
        let (account, status) = match owner {
            Some((account, status)) => (account.name.clone(), status.clone()),
            None => {
                let begun = progress.item(&first.number, first.environment);
                let begun = begun.map(|item| item.account.clone());
                // The name of an interrupted run, so that a repetition adds no second account.
                let name = begun.filter(|name| names.reserve(name));
                (
                    name.unwrap_or_else(|| names.account(&first.name)),
                    ItemStatus::new(MigrationState::NeedsConsent, absent(group)),
                )
            }
        };
        let aliases = group.iter().filter_map(|row| names.alias(&row.name));
        let aliases = aliases.collect();
        let apps = self.apps(group, &account, known, progress, names);
        PlannedItem {
            view: MigrationItem {
                account,
                number: first.number.clone(),
                environment: first.environment,
                profiles: group.iter().map(|row| row.name.clone()).collect(),
                state: status.state,
                message: status.message,
            },
            line: first.line,
            adds: owner.is_none(),
            users: group.iter().filter_map(|row| row.user.clone()).collect(),
            aliases,
            apps,
        }
    }

    /// An app for each key that the store does not know yet.
    fn apps(
        &mut self,
        group: &[Row],
        account: &AccountId,
        known: &Known,
        progress: &Progress,
        names: &mut Names,
    ) -> Vec<PlannedApp> {
        let mut apps = Vec::new();
        let mut keys = BTreeSet::new();
        for row in group {
            let Some(key) = &row.key else {
                continue;
            };
            let of_key = digest(key);
            let stored = known.keys.iter().find(|stored| stored.key == of_key);
            match stored {
                Some(stored) if stored.account == *account => {}
                Some(stored) => self.problems.push(format!(
                    "row {} ({}): its access key stands for account {} already: remove the app {}, \
                     or leave the key out here",
                    row.line,
                    row.name,
                    stored.account,
                    stored.app.as_ref().map_or("that has it", AppId::as_str)
                )),
                // A key that several rows share needs one app only.
                None if keys.insert(of_key) => {
                    let begun = progress.apps.iter().find(|app| app.profile == row.name);
                    apps.push(PlannedApp {
                        name: begun.map_or_else(|| names.app(&row.name), |app| app.name.clone()),
                        profile: row.name.clone(),
                        key: key.clone(),
                    });
                }
                None => {}
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
            let same_item = |item: &Item| item.is(&view.number, view.environment);
            let at = progress.items.iter().position(same_item);
            let before = at.map(|at| progress.items.remove(at));
            let there = known.account(&view.account).is_some();
            let added_at = before.as_ref().and_then(|item| item.added_at);
            let mut profiles = before
                .as_ref()
                .map_or_else(Vec::new, |i| i.profiles.clone());
            let mut users = before.map_or_else(Vec::new, |item| item.users);
            merge(&mut profiles, &view.profiles);
            merge(&mut users, &planned.users);
            let item = Item {
                account: view.account.clone(),
                number: view.number.clone(),
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
}

fn absent(group: &[Row]) -> String {
    let users: BTreeSet<&str> = group.iter().filter_map(|row| row.user.as_deref()).collect();
    let users: Vec<&str> = users.into_iter().collect();
    let who = if users.is_empty() {
        "a user who owns the number".to_owned()
    } else {
        format!(
            "a user who owns the number (the old software used {})",
            users.join(", ")
        )
    };
    format!("no account has this number: an account is added, then {who} signs in")
}

/// Groups the rows that share number and environment, in the list's order.
fn groups(rows: Vec<Row>) -> Vec<Vec<Row>> {
    let mut groups: Vec<Vec<Row>> = Vec::new();
    for row in rows {
        let fits = |group: &&mut Vec<Row>| {
            group[0].environment == row.environment && same(&group[0].number, &row.number)
        };
        match groups.iter_mut().find(fits) {
            Some(group) => group.push(row),
            None => groups.push(vec![row]),
        }
    }
    groups
}

fn merge(list: &mut Vec<String>, more: &[String]) {
    for one in more {
        if !list.contains(one) {
            list.push(one.clone());
        }
    }
}
