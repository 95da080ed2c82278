//! How far each item is. This is derived from the present state of the accounts, not from what was
//! recorded earlier, so it is right after a change by other means, too.

use super::{
    known::{ItemStatus, Known},
    progress::{Item, Progress},
};
use crate::{ControlError, ControlPlane};
use gateway_api::{MigrationItem, MigrationState};
use gateway_model::{AccountId, CarrierId};
use gateway_store::AuditEntry;

/// How many entries of the audit trail are searched for sign-ins.
const TRAIL: u32 = 500;

impl ControlPlane {
    /// The items of a migration as they are now.
    pub(super) async fn migration_items(
        &self,
        progress: &Progress,
    ) -> Result<Vec<MigrationItem>, ControlError> {
        let carrier: CarrierId = progress
            .carrier
            .as_deref()
            .unwrap_or("none")
            .parse()
            .map_err(|_| {
                ControlError::new(crate::Fault::Unavailable, "internal", "an unnamed carrier")
            })?;
        let known = self.known_state(&carrier).await?;
        let trail = self.context.store.audit(None, TRAIL).await?;
        let items = progress.items.iter().map(|item| {
            let status = status_of_item(item, progress, &known, &trail);
            MigrationItem {
                account: item.account.clone(),
                numbers: item.numbers.clone(),
                environment: item.environment,
                profiles: item.profiles.clone(),
                state: status.state,
                message: status.message,
            }
        });
        Ok(items.collect())
    }
}

fn status_of_item(
    item: &Item,
    progress: &Progress,
    known: &Known,
    trail: &[AuditEntry],
) -> ItemStatus {
    if progress.undone {
        let message = if item.added_at.is_some() {
            "undone: the account that was added has been removed"
        } else {
            "undone: the account existed before and stays"
        };
        return ItemStatus::new(MigrationState::Skipped, message);
    }
    let account = known.account(&item.account);
    let Some((account, status)) = account.zip(known.statuses.get(&item.account)) else {
        let message = "left out: the account was removed";
        return ItemStatus::new(MigrationState::Skipped, message);
    };
    match status.state {
        // Works, and was added by this migration: only then is it the migration's success.
        MigrationState::Compliant if item.added(account) => {
            ItemStatus::new(MigrationState::Done, "signed in and proven")
        }
        MigrationState::NeedsConsent => {
            refused(&item.account, trail).unwrap_or_else(|| with_users(item, status))
        }
        MigrationState::Compliant
        | MigrationState::Done
        | MigrationState::Failed
        | MigrationState::Skipped => status.clone(),
    }
}

fn with_users(item: &Item, status: &ItemStatus) -> ItemStatus {
    let mut status = status.clone();
    if !item.users.is_empty() {
        status.message = format!(
            "{}; the old software used {}",
            status.message,
            item.users.join(", ")
        );
    }
    status
}

/// The status if the latest sign-in was refused.
fn refused(account: &AccountId, trail: &[AuditEntry]) -> Option<ItemStatus> {
    let subject = format!("account:{account}");
    // The trail is newest first: a sign-in that was begun after a refusal hides the refusal.
    let newest = trail.iter().find(|entry| {
        entry.subject == subject
            && matches!(entry.action.as_str(), "consent.begin" | "consent.finish")
    })?;
    let code = newest.outcome.as_deref().filter(|code| *code != "ok")?;
    (newest.action == "consent.finish").then(|| {
        let message = format!(
            "the last sign-in was refused ({code}): begin another with \
             `waybill account authorize {account}`"
        );
        ItemStatus::new(MigrationState::Failed, message)
    })
}
