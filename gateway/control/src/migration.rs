//! The way from access keys to OAuth.
//!
//! Profiles of the old software that share an account number and environment are one *item*, and need
//! one consent. A migration only ever adds: accounts for the items that have none, and an app for
//! each retired key. So undoing it takes away what it added and leaves everything else, logins that
//! were renewed since included; the backup that is made first is for the worst case.

mod apply;
mod backup;
mod list;
mod plan;
mod progress;
mod standing;

use crate::{Actor, ControlError, ControlPlane, Fault, trail};
use gateway_api::{MigrationItem, MigrationPlan, MigrationState, MigrationView, StartMigration};
use gateway_store::MigrationRecord;
use plan::{Known, Plan};
use progress::Progress;
use serde_json::json;

/// So many problems are named in one error.
const NAMED_PROBLEMS: usize = 5;

impl ControlPlane {
    /// What a migration would do; changes nothing.
    ///
    /// # Errors
    /// When the carrier has no plugin, the OAuth client cannot be one, or the store cannot be read.
    /// Rows that cannot be used are no error: the plan names them.
    pub async fn plan_migration(
        &self,
        migration: StartMigration,
    ) -> Result<MigrationPlan, ControlError> {
        let latest = self.latest_migration().await?;
        let under_way = latest.filter(|(record, _)| record.ended_at.is_none());
        let progress = under_way.map(|(_, progress)| progress).unwrap_or_default();
        let (plan, _) = self.planned(&migration, &progress).await?;
        Ok(MigrationPlan {
            items: plan.items.into_iter().map(|item| item.view).collect(),
            problems: plan.problems,
        })
    }

    /// Backs the store up, then adds accounts and keys; consents are begun one by one with
    /// `begin_consent`. Repeating it goes on where it stopped, and takes new rows along.
    ///
    /// # Errors
    /// When a row cannot be used, another migration is under way, or the backup cannot be written:
    /// nothing was changed then. When the store fails in between, repeating it goes on.
    pub async fn start_migration(
        &self,
        actor: &Actor,
        migration: StartMigration,
    ) -> Result<MigrationView, ControlError> {
        let detail = json!({ "carrier": migration.carrier, "profiles": migration.profiles.len() });
        let work = async {
            let _turn = self.shared.changes.lock().await;
            let under_way = self.under_way().await?;
            let known = under_way.as_ref().map(|(_, progress)| progress.clone());
            let (plan, known_state) = self.planned(&migration, &known.unwrap_or_default()).await?;
            no_problems(&plan)?;
            let (mut record, mut progress) = match under_way {
                Some((record, progress)) => {
                    same_carrier(&record, &progress, &plan)?;
                    (record, progress)
                }
                None => self.new_migration(&plan).await?,
            };
            progress.take(&plan, &known_state, self.shared.now());
            // Durable before anything is added, so that an undo knows all that may have been.
            self.keep(&mut record, &progress).await?;
            self.apply(&plan, &progress, &migration).await?;
            self.publish().await?;
            self.warm();
            self.seen(record, progress).await
        };
        self.audited(actor, "migration.start", "migration", detail, work)
            .await
    }

    /// The migration under way, or the last one. Items are done when the consent of their account
    /// was finished, and with that proven.
    ///
    /// # Errors
    /// When there never was one, or the store cannot be read.
    pub async fn migration(&self) -> Result<MigrationView, ControlError> {
        let _turn = self.shared.changes.lock().await;
        let (record, progress) = self.latest_migration().await?.ok_or_else(none_yet)?;
        self.seen(record, progress).await
    }

    /// Takes away what the last migration added: its accounts with their logins, its apps and keys.
    /// What was there before, and what an operator added or made anew since, stays.
    ///
    /// # Errors
    /// When there is none, or it is undone already. When the store fails in between, repeating it
    /// goes on.
    pub async fn undo_migration(&self, actor: &Actor) -> Result<MigrationView, ControlError> {
        let work = async {
            let _turn = self.shared.changes.lock().await;
            let (mut record, mut progress) = self.latest_migration().await?.ok_or_else(none_yet)?;
            if progress.undone {
                let message = format!("the migration {} is undone already", record.id);
                return Err(ControlError::new(Fault::Conflict, "undone", message));
            }
            self.take_away(&progress).await?;
            progress.undone = true;
            record.ended_at = Some(self.shared.now());
            self.keep(&mut record, &progress).await?;
            self.publish().await?;
            self.seen(record, progress).await
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

    /// The newest one, unless it has ended. Whether it has does not hang on somebody having looked.
    async fn under_way(&self) -> Result<Option<(MigrationRecord, Progress)>, ControlError> {
        let Some((record, progress)) = self.latest_migration().await? else {
            return Ok(None);
        };
        let seen = self.seen(record.clone(), progress.clone()).await?;
        Ok(seen.ended_at.is_none().then_some((record, progress)))
    }

    /// The newest one, with what it did.
    async fn latest_migration(&self) -> Result<Option<(MigrationRecord, Progress)>, ControlError> {
        let records = self.shared.store.migrations().await?;
        let Some(record) = records.into_iter().next_back() else {
            return Ok(None);
        };
        let progress = Progress::parse(&record)?;
        Ok(Some((record, progress)))
    }

    async fn keep(
        &self,
        record: &mut MigrationRecord,
        progress: &Progress,
    ) -> Result<(), ControlError> {
        record.items = progress.text()?;
        Ok(self.shared.store.put_migration(record).await?)
    }

    /// A migration as it stands now, looked at in turn with whoever changes it. One whose items are all at their end has ended.
    async fn seen(
        &self,
        mut record: MigrationRecord,
        progress: Progress,
    ) -> Result<MigrationView, ControlError> {
        let items = self.standing(&progress).await?;
        if record.ended_at.is_none() && items.iter().all(at_its_end) {
            record.ended_at = Some(self.shared.now());
            self.shared.store.put_migration(&record).await?;
        }
        Ok(MigrationView {
            id: record.id,
            created_at: trail::stamp(record.created_at),
            ended_at: record.ended_at.map(trail::stamp),
            backup: record.backup,
            items,
        })
    }
}

const fn at_its_end(item: &MigrationItem) -> bool {
    match item.state {
        MigrationState::Compliant | MigrationState::Done | MigrationState::Skipped => true,
        MigrationState::NeedsConsent | MigrationState::Failed => false,
    }
}

fn no_problems(plan: &Plan) -> Result<(), ControlError> {
    if plan.problems.is_empty() {
        return Ok(());
    }
    let named: Vec<&str> = plan
        .problems
        .iter()
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
        "the migration {} to another carrier is under way",
        record.id
    );
    Err(ControlError::new(Fault::Conflict, "under_way", message)
        .remedy("finish it, or undo it with `waybill migrate undo`"))
}

fn none_yet() -> ControlError {
    let message = "there is no migration yet";
    ControlError::new(Fault::NotFound, "no_migration", message)
        .remedy("`waybill migrate plan FILE` says what one would do")
}
