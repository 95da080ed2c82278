//! What a migration added, as its record keeps it. No secret is in it.

use super::plan::{Known, Plan};
use crate::{ControlError, Fault};
use gateway_model::{AccountId, AccountNumber, AppId, Environment};
use gateway_store::{MigrationRecord, Timestamp};
use serde::{Deserialize, Serialize};

/// All items of a migration, and what it added for them.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Progress {
    /// To which carrier.
    #[serde(default)]
    pub(super) carrier: Option<String>,
    /// Where the backup's passphrase is.
    #[serde(default)]
    pub(super) passphrase_file: Option<String>,
    /// Its additions were taken away again.
    #[serde(default)]
    pub(super) undone: bool,
    #[serde(default)]
    pub(super) items: Vec<Item>,
    #[serde(default)]
    pub(super) apps: Vec<AddedApp>,
}

/// One account number.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Item {
    pub(super) account: AccountId,
    pub(super) number: AccountNumber,
    pub(super) environment: Environment,
    pub(super) profiles: Vec<String>,
    /// The users of the old software, for people who sign in.
    #[serde(default)]
    pub(super) users: Vec<String>,
    /// When the migration added the account; none: it was there before.
    #[serde(default)]
    pub(super) added_at: Option<Timestamp>,
}

/// An app that stands for a retired key.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct AddedApp {
    pub(super) name: AppId,
    /// The first profile that had the key.
    pub(super) profile: String,
    pub(super) added_at: Timestamp,
}

impl Item {
    /// Carriers do not mind the case of a number.
    fn is(&self, number: &AccountNumber, environment: Environment) -> bool {
        self.environment == environment
            && self.number.as_str().eq_ignore_ascii_case(number.as_str())
    }
}

impl Progress {
    pub(super) fn parse(record: &MigrationRecord) -> Result<Self, ControlError> {
        serde_json::from_str(&record.items).map_err(|error| {
            let message = format!(
                "the record of migration {} does not parse: {error}",
                record.id
            );
            ControlError::new(Fault::Unavailable, "store_unavailable", message)
                .remedy("use the program that wrote it, or restore the backup it names")
        })
    }

    pub(super) fn text(&self) -> Result<String, ControlError> {
        serde_json::to_string(self).map_err(|error| {
            let message = format!("the migration's record cannot be written: {error}");
            ControlError::new(Fault::Unavailable, "internal", message)
        })
    }

    /// The item of an account number, whatever its case.
    pub(super) fn item(&self, number: &AccountNumber, environment: Environment) -> Option<&Item> {
        self.items.iter().find(|item| item.is(number, environment))
    }

    /// Notes all that is about to be added. What a first, interrupted run announced keeps its date.
    pub(super) fn take(&mut self, plan: &Plan, state: &Known, now: Timestamp) {
        self.carrier = Some(plan.carrier.as_str().to_owned());
        for planned in &plan.items {
            let view = &planned.view;
            let known = |item: &Item| item.is(&view.number, view.environment);
            let at = self.items.iter().position(known);
            let before = at.map(|at| self.items.remove(at));
            let there = state.account(&view.account).is_some();
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
            self.items.insert(at.unwrap_or(self.items.len()), item);
            for app in &planned.apps {
                if !self.apps.iter().any(|added| added.name == app.name) {
                    self.apps.push(AddedApp {
                        name: app.name.clone(),
                        profile: app.profile.clone(),
                        added_at: now,
                    });
                }
            }
        }
    }
}

fn merge(list: &mut Vec<String>, more: &[String]) {
    for one in more {
        if !list.contains(one) {
            list.push(one.clone());
        }
    }
}
