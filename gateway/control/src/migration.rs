//! The migration from access keys to OAuth.
//!
//! Profiles of the older software that share a carrier login, or an account number, form one *item* for
//! each environment, and need one consent. A migration only adds: an account for each item that has
//! none, and an app for each retired key. So undoing it removes what it added and leaves everything else, including logins that
//! were renewed since. The backup that is made first is for the worst case.
//!
//! Modules: `list` (the rows), `progress` (the record), `known` (store and broker) → `logins`, `names`,
//! `plan` → `apply`, `backup`, `item_status`.

mod apply;
mod backup;
mod item_status;
mod known;
mod list;
mod logins;
mod names;
mod plan;
mod progress;

use crate::{Actor, ControlError, ControlPlane, Fault, api_time, publication::Touched};
use gateway_api::{MigrationItem, MigrationPlan, MigrationState, MigrationView, StartMigration};
use gateway_model::AccountId;
use gateway_store::MigrationRecord;
use known::Known;
use plan::Plan;
use progress::Progress;
use serde_json::json;
use std::collections::BTreeMap;

/// The number of problems that one error names.
const NAMED_PROBLEMS: usize = 5;

impl ControlPlane {
    /// What a migration would do. It changes nothing.
    ///
    /// # Errors
    /// When the carrier has no plugin, the OAuth client is invalid, or the store cannot be read. Rows
    /// that cannot be used are not an error: the plan names them.
    pub async fn plan_migration(
        &self,
        migration: StartMigration,
    ) -> Result<MigrationPlan, ControlError> {
        // An interrupted run keeps the names that it has given out.
        let latest = self.latest_migration().await?;
        let under_way = latest.filter(|(record, _)| record.ended_at.is_none());
        let progress = under_way.map(|(_, progress)| progress).unwrap_or_default();
        let (plan, _) = self.planned(&migration, &progress).await?;
        let items: Vec<_> = plan.items.into_iter().map(|item| item.view).collect();
        Ok(MigrationPlan {
            sign_ins: sign_ins(&items),
            items,
            problems: plan.problems,
        })
    }

    /// Makes a backup of the store, then adds accounts and keys. Consents are begun one by one with
    /// `begin_consent`. Repeating it continues where it stopped, and includes new rows.
    ///
    /// # Errors
    /// When a row cannot be used, another migration is in progress, or the backup cannot be written:
    /// then nothing was changed. When the store fails in between: repeating it continues.
    pub async fn start_migration(
        &self,
        actor: &Actor,
        migration: StartMigration,
    ) -> Result<MigrationView, ControlError> {
        let detail = json!({ "carrier": migration.carrier, "profiles": migration.profiles.len() });
        let work = async {
            // For the whole run: the plan holds only while nobody else changes the store.
            let _turn = self.context.changes.lock().await;
            let under_way = self.in_progress().await?;
            let known = under_way.as_ref().map(|(_, progress)| progress.clone());
            let (plan, known_state) = self.planned(&migration, &known.unwrap_or_default()).await?;
            // All rows or none: a list that is applied in part is hard to correct.
            no_problems(&plan)?;
            let (mut record, mut progress) = match under_way {
                Some((record, progress)) => {
                    same_carrier(&record, &progress, &plan)?;
                    (record, progress)
                }
                None => self.new_migration(&plan).await?,
            };
            plan.record_in(&mut progress, &known_state, self.context.now());
            // Durable before anything is added, so that an undo knows everything that may have been
            // added before a crash.
            self.save(&mut record, &progress).await?;
            // Many records change, and an error may come in between: all are read again.
            drop(self.context.served().take());
            self.apply(&plan, &progress, &migration).await?;
            self.publish(None, Touched::Everything).await?;
            // Not awaited: the sign-ins can begin while tokens are being requested.
            self.warm();
            self.migration_view(record, progress).await
        };
        self.audited(actor, "migration.start", "migration", detail, work)
            .await
    }

    /// The migration in progress, or the last one. An item is done when the consent of its account was
    /// finished, because a consent includes a test call.
    ///
    /// # Errors
    /// When there has been no migration, or the store cannot be read.
    pub async fn migration(&self) -> Result<MigrationView, ControlError> {
        // Looking may end the migration, which is a change.
        let _turn = self.context.changes.lock().await;
        let (record, progress) = self.latest_migration().await?.ok_or_else(none_yet)?;
        self.migration_view(record, progress).await
    }

    /// Removes what the last migration added: its accounts with their logins, its apps and keys. What
    /// existed before, and what an operator has added since, stays.
    ///
    /// # Errors
    /// When there is none, or it was undone already. When the store fails in between: repeating it
    /// continues.
    pub async fn undo_migration(&self, actor: &Actor) -> Result<MigrationView, ControlError> {
        let work = async {
            let _turn = self.context.changes.lock().await;
            let (mut record, mut progress) = self.latest_migration().await?.ok_or_else(none_yet)?;
            if progress.undone {
                let message = format!("the migration {} was undone already", record.id);
                return Err(ControlError::new(Fault::Conflict, "undone", message));
            }
            // Recorded as undone only afterwards: after a crash in between, undoing again removes
            // the rest.
            drop(self.context.served().take());
            self.remove_added(&progress).await?;
            progress.undone = true;
            record.ended_at = Some(self.context.now());
            self.save(&mut record, &progress).await?;
            self.publish(None, Touched::Everything).await?;
            self.migration_view(record, progress).await
        };
        self.audited(actor, "migration.undo", "migration", json!({}), work)
            .await
    }

    async fn planned(
        &self,
        migration: &StartMigration,
        progress: &Progress,
    ) -> Result<(Plan, Known), ControlError> {
        let carrier = self.migration_client(migration)?;
        let known = self.known_state(&carrier).await?;
        let rows = list::read(&migration.profiles)?;
        let mut plan = Plan::of(carrier, rows, &known, progress);
        self.check_numbers(migration, &mut plan).await?;
        Ok((plan, known))
    }

    /// The latest migration, unless it has ended. The items are looked at now, because the record says
    /// that it has ended only after somebody has asked.
    async fn in_progress(&self) -> Result<Option<(MigrationRecord, Progress)>, ControlError> {
        let Some((record, progress)) = self.latest_migration().await? else {
            return Ok(None);
        };
        let seen = self
            .migration_view(record.clone(), progress.clone())
            .await?;
        Ok(seen.ended_at.is_none().then_some((record, progress)))
    }

    /// The latest migration, with its progress.
    async fn latest_migration(&self) -> Result<Option<(MigrationRecord, Progress)>, ControlError> {
        let records = self.context.store.migrations().await?;
        let Some(record) = records.into_iter().next_back() else {
            return Ok(None);
        };
        let progress = Progress::parse(&record)?;
        Ok(Some((record, progress)))
    }

    /// Who signs in for an account, by the list of the latest migration, as far as it can be read.
    pub(crate) async fn users_of_migration(&self) -> BTreeMap<AccountId, String> {
        let latest = self.latest_migration().await.unwrap_or_else(|error| {
            // It only says what goes together. The pages of the migration tell what is wrong with it.
            tracing::warn!(%error, "the users of the last migration are not known");
            None
        });
        let items = latest.map_or_else(Vec::new, |(_, progress)| progress.items);
        let users = items.into_iter().filter_map(|mut item| {
            let user = (!item.users.is_empty()).then(|| item.users.swap_remove(0));
            Some((item.account, user?))
        });
        users.collect()
    }

    async fn save(
        &self,
        record: &mut MigrationRecord,
        progress: &Progress,
    ) -> Result<(), ControlError> {
        record.items = progress.text()?;
        Ok(self.context.store.put_migration(record).await?)
    }

    /// A migration as it is now. It has ended when all of its items have. The caller holds the lock on
    /// changes.
    async fn migration_view(
        &self,
        mut record: MigrationRecord,
        progress: Progress,
    ) -> Result<MigrationView, ControlError> {
        let items = self.migration_items(&progress).await?;
        // Noted by whoever looks first: no task watches migrations.
        if record.ended_at.is_none() && items.iter().all(has_ended) {
            record.ended_at = Some(self.context.now());
            self.context.store.put_migration(&record).await?;
        }
        Ok(MigrationView {
            id: record.id,
            created_at: api_time::from_store(record.created_at),
            ended_at: record.ended_at.map(api_time::from_store),
            backup: record.backup,
            sign_ins: sign_ins(&items),
            items,
        })
    }
}

const fn has_ended(item: &MigrationItem) -> bool {
    match item.state {
        MigrationState::Compliant | MigrationState::Done | MigrationState::Skipped => true,
        MigrationState::NeedsConsent | MigrationState::Failed => false,
    }
}

/// How many people have to sign in.
fn sign_ins(items: &[MigrationItem]) -> usize {
    let needed = |item: &&MigrationItem| item.state == MigrationState::NeedsConsent;
    items.iter().filter(needed).count()
}

fn no_problems(plan: &Plan) -> Result<(), ControlError> {
    if plan.problems.is_empty() {
        return Ok(());
    }
    let named: Vec<&str> = plan
        .problems
        .iter()
        // A long list in an error hides what to do; the plan shows all of it.
        .take(NAMED_PROBLEMS)
        .map(String::as_str)
        .collect();
    let more = plan.problems.len().saturating_sub(named.len());
    let more = if more == 0 {
        String::new()
    } else {
        format!("; and {more} more")
    };
    let message = format!("nothing was changed: {}{more}", named.join("; "));
    Err(ControlError::new(Fault::Invalid, "broken_rows", message)
        .remedy("correct these rows or leave them out; `waybill migrate plan` shows all of them"))
}

fn same_carrier(
    record: &MigrationRecord,
    progress: &Progress,
    plan: &Plan,
) -> Result<(), ControlError> {
    if progress.carrier.as_deref() == Some(plan.carrier.as_str()) {
        return Ok(());
    }
    let message = format!(
        "the migration {} to another carrier is in progress",
        record.id
    );
    Err(ControlError::new(Fault::Conflict, "under_way", message)
        .remedy("finish it, or undo it with `waybill migrate undo`"))
}

fn none_yet() -> ControlError {
    let message = "there is no migration yet";
    ControlError::new(Fault::NotFound, "no_migration", message)
        .remedy("see what it would do with `waybill migrate plan FILE`")
}
