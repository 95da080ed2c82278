//! What a migration would do, worked out from what is known: nothing is asked and nothing changed.

use super::{
    list::{Row, Rows},
    progress::Progress,
    standing::Standing,
};
use crate::load::digest;
use gateway_api::{MigrationItem, MigrationState};
use gateway_model::{AccountId, AccountNumber, AppId, CarrierId, Environment, Secret};
use gateway_store::{AccountRecord, AppRecord, LegacyKeyRecord};
use std::{
    collections::{BTreeMap, BTreeSet},
    str::FromStr,
};

/// What the store and the broker know.
pub(super) struct Known {
    pub(super) accounts: Vec<AccountRecord>,
    pub(super) apps: Vec<AppRecord>,
    pub(super) keys: Vec<LegacyKeyRecord>,
    /// How the carrier's accounts stand.
    pub(super) standing: BTreeMap<AccountId, Standing>,
}

impl Known {
    pub(super) fn account(&self, name: &AccountId) -> Option<&AccountRecord> {
        self.accounts.iter().find(|account| account.name == *name)
    }

    /// Who has a number: of several, one that works.
    fn owner(
        &self,
        carrier: &CarrierId,
        number: &AccountNumber,
        environment: Environment,
    ) -> Option<(&AccountRecord, &Standing)> {
        let owns = |account: &&AccountRecord| {
            account.carrier == *carrier
                && account.environment == environment
                && account.numbers.iter().any(|own| same(own, number))
        };
        let owners = self.accounts.iter().filter(owns);
        owners
            .filter_map(|account| Some((account, self.standing.get(&account.name)?)))
            .min_by_key(|(_, standing)| standing.state != MigrationState::Compliant)
    }
}

fn same(one: &AccountNumber, other: &AccountNumber) -> bool {
    one.as_str().eq_ignore_ascii_case(other.as_str())
}

/// What a migration would do.
pub(super) struct Plan {
    pub(super) carrier: CarrierId,
    pub(super) items: Vec<PlannedItem>,
    pub(super) problems: Vec<String>,
}

/// One account number.
pub(super) struct PlannedItem {
    pub(super) view: MigrationItem,
    /// The first of its rows.
    pub(super) line: usize,
    /// It has no account yet.
    pub(super) adds: bool,
    pub(super) users: Vec<String>,
    /// The other profiles' names, as far as they are free.
    pub(super) aliases: Vec<AccountId>,
    pub(super) apps: Vec<PlannedApp>,
}

/// An app that is recognised by a retired key.
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
        let (account, standing) = match owner {
            Some((account, standing)) => (account.name.clone(), standing.clone()),
            None => {
                let begun = progress.item(&first.number, first.environment);
                let begun = begun.map(|item| item.account.clone());
                let name = begun.filter(|name| names.reserve(name));
                (
                    name.unwrap_or_else(|| names.account(&first.name)),
                    Standing::new(MigrationState::NeedsConsent, absent(group)),
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
                state: standing.state,
                message: standing.message,
            },
            line: first.line,
            adds: owner.is_none(),
            users: group.iter().filter_map(|row| row.user.clone()).collect(),
            aliases,
            apps,
        }
    }

    /// An app for each key that stands for nothing yet.
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
                None if keys.insert(of_key) => {
                    let ours = progress.apps.iter().find(|app| app.profile == row.name);
                    apps.push(PlannedApp {
                        name: ours.map_or_else(|| names.app(&row.name), |app| app.name.clone()),
                        profile: row.name.clone(),
                        key: key.clone(),
                    });
                }
                None => {}
            }
        }
        apps
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
    format!("no account has this number: one is added, then {who} signs in")
}

/// Rows that share number and environment, in the list's order.
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

/// Names that are taken, without regard to case: nobody should have to tell `Main` from `main`.
struct Names {
    accounts: BTreeSet<String>,
    apps: BTreeSet<String>,
}

impl Names {
    fn taken(known: &Known) -> Self {
        let of_account = |account: &AccountRecord| {
            let names = std::iter::once(&account.name).chain(&account.aliases);
            names
                .map(|name| name.as_str().to_lowercase())
                .collect::<Vec<_>>()
        };
        Self {
            accounts: known.accounts.iter().flat_map(of_account).collect(),
            apps: known
                .apps
                .iter()
                .map(|app| app.name.as_str().to_lowercase())
                .collect(),
        }
    }

    /// Takes a name, if it is free.
    fn reserve(&mut self, name: &AccountId) -> bool {
        self.accounts.insert(name.as_str().to_lowercase())
    }

    fn account(&mut self, profile: &str) -> AccountId {
        free(&mut self.accounts, profile)
    }

    fn app(&mut self, profile: &str) -> AppId {
        free(&mut self.apps, profile)
    }

    /// Another name is no use to an app that says this one.
    fn alias(&mut self, profile: &str) -> Option<AccountId> {
        let name = clean(profile);
        self.accounts
            .insert(name.to_lowercase())
            .then(|| name.parse().ok())
            .flatten()
    }
}

/// The profile's name with the characters that a name may have, and a number if that is taken.
fn free<T: FromStr>(taken: &mut BTreeSet<String>, profile: &str) -> T {
    let name = clean(profile);
    let numbered = (2_u32..).map(|turn| format!("{name}-{turn}"));
    std::iter::once(name.clone())
        .chain(numbered)
        .filter(|name| taken.insert(name.to_lowercase()))
        .find_map(|name| name.parse().ok())
        .expect("a clean name with a number is a name, and one of all numbers is free")
}

/// At most 50 of the characters that a name may have; never empty.
fn clean(profile: &str) -> String {
    let mut name = String::new();
    for c in profile.trim().chars() {
        match c {
            c if c.is_ascii_alphanumeric() || matches!(c, '_' | '.') => name.push(c),
            _ if name.is_empty() || name.ends_with('-') => {}
            _ => name.push('-'),
        }
        if name.len() >= 50 {
            break;
        }
    }
    let name = name.trim_end_matches('-');
    if name.is_empty() {
        "account".to_owned()
    } else {
        name.to_owned()
    }
}
