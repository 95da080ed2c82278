//! What other gateways changed or ask for reaches the broker and the data plane.

use super::batch::{Batch, Pending};
use crate::{ControlError, ControlPlane, publication::Touched};
use gateway_model::{AccountId, AppId};
use gateway_store::{GrantRecord, StoreChange, StoreChanges};
use std::{
    collections::BTreeSet,
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

/// How long changes are collected that have to be read. A burst of them is then read in one statement.
const COLLECT: Duration = Duration::from_millis(20);
/// The pause before changes that could not be read are tried again.
const PAUSE: Duration = Duration::from_secs(1);
/// How long a comparison of everything counts. Where no message can be heard, the store asks for one every two
/// seconds; the grants are compared each time.
const COMPARED_FOR: Duration = Duration::from_secs(10);
/// The number of grants that are read in one statement.
const TOGETHER: usize = 500;

impl ControlPlane {
    /// Sorts what arrives. This never waits for the store, so no request for a token waits behind a change.
    pub(super) async fn receive(&self, mut changes: StoreChanges, pending: &Pending) {
        while let Some(heard) = changes.next().await {
            match heard.change {
                StoreChange::Demand {
                    account,
                    version,
                    cause,
                } => self
                    .context
                    .broker
                    .demanded_elsewhere(&account, version, cause),
                StoreChange::Grant { account, .. } => {
                    pending.add(|batch| batch.written(account, heard.grant));
                }
                StoreChange::Failed { account } => {
                    pending.add(|batch| batch.failed.extend([account]));
                }
                StoreChange::Account(account) => {
                    pending.add(|batch| batch.accounts.extend([account]));
                }
                StoreChange::App(app) => pending.add(|batch| batch.apps.extend([app])),
                StoreChange::AdminTokens => pending.add(|batch| batch.admin_tokens = true),
                StoreChange::Notices => pending.add(|batch| batch.notices = true),
                StoreChange::Manifests => pending.add(|batch| batch.manifests = true),
                StoreChange::Replicas => pending.add(|batch| batch.replicas = true),
                // The store has read its keys again by itself.
                StoreChange::KeyRing => {
                    tracing::info!("another gateway has sealed the store under a new master key");
                }
                StoreChange::Resync => pending.add(|batch| batch.resync = true),
            }
        }
    }

    /// Applies what was collected, batch by batch.
    pub(super) async fn keep_applying(&self, pending: &Pending) {
        let (mut compared, mut owed, mut failing) = (None, false, false);
        loop {
            tokio::select! {
                () = pending.filled() => if pending.reads() {
                    tokio::time::sleep(COLLECT).await;
                },
                () = tokio::time::sleep(COMPARED_FOR), if owed => {}
            }
            let mut batch = pending.take();
            batch.resync |= owed;
            let now = self.context.clock.now();
            let before = |at: &Instant| now.saturating_duration_since(*at) < COMPARED_FOR;
            owed = batch.resync && compared.as_ref().is_some_and(before);
            if owed {
                (batch.resync, batch.sweep) = (false, true);
            } else if batch.resync {
                compared = Some(now);
            }
            let applied = self.apply_batch(batch).await;
            if let Err(error) = &applied {
                if !failing {
                    tracing::warn!(code = error.code, %error, "changes of other gateways cannot be read");
                }
                tokio::time::sleep(PAUSE).await;
                // Whatever of the batch was not applied is among it.
                compared = None;
                pending.add(|batch| batch.resync = true);
            } else if failing {
                tracing::info!("changes of other gateways can be read again");
            }
            failing = applied.is_err();
        }
    }

    async fn apply_batch(&self, batch: Batch) -> Result<(), ControlError> {
        // First of all: an admin token that was removed must not work a moment longer.
        if batch.admin_tokens || batch.resync || batch.sweep {
            self.forget_admin_tokens().await;
        }
        let looks = batch.replicas || batch.resync;
        if looks && self.look_around().await? || batch.share {
            self.publish_share().await?;
        }
        if batch.resync {
            self.resync().await?;
            self.take_up_manifests().await;
        } else {
            // Before grants: the grant of a new account needs its account.
            for account in &batch.accounts {
                self.account_changed_elsewhere(account).await?;
            }
            for app in &batch.apps {
                self.app_changed_elsewhere(app).await?;
            }
            // Before anything is read: what is read is at least as new as what came with a message. So a resync needs
            // none of these.
            for grant in batch.copies.values() {
                self.adopt_from_elsewhere(grant);
            }
        }
        if batch.sweep {
            self.sweep().await?;
        }
        self.read_grants(&batch.grants).await?;
        self.read_failures(&batch.failed).await?;
        if batch.manifests {
            self.take_up_manifests().await;
        }
        if batch.notices || batch.resync {
            self.notices_changed_elsewhere().await?;
        }
        Ok(())
    }

    /// Reads an account again, connects it anew or not at all any more, and publishes it.
    async fn account_changed_elsewhere(&self, name: &AccountId) -> Result<(), ControlError> {
        let context = &self.context;
        let _turn = context.changes.lock().await;
        let known = context.served().take();
        let record = context.store.account(name).await?;
        match record.filter(|record| record.active) {
            Some(record) => self.connect(&record).await?,
            None => {
                context.broker.remove_account(name);
                context.set_wired(name, None);
            }
        }
        self.publish(known, Touched::Account(name)).await?;
        // With other credentials it may need another token, which its owner may have been asked for before the
        // owner knew of them.
        context.broker.handle().warm(name);
        context.reminder_state.review.notify_one();
        Ok(())
    }

    async fn app_changed_elsewhere(&self, name: &AppId) -> Result<(), ControlError> {
        let _turn = self.context.changes.lock().await;
        let known = self.context.served().take();
        self.publish(known, Touched::App(name)).await
    }

    /// Hands grants that others wrote to the broker.
    pub(super) async fn read_grants(
        &self,
        changed: &BTreeSet<AccountId>,
    ) -> Result<(), ControlError> {
        let wanted: Vec<AccountId> = changed.iter().cloned().collect();
        for some in wanted.chunks(TOGETHER) {
            for grant in self.context.store.grants_of(some).await? {
                self.adopt_from_elsewhere(&grant);
            }
        }
        Ok(())
    }

    /// Ends waits for tokens that the owners did not get. The journal says why.
    async fn read_failures(&self, failed: &BTreeSet<AccountId>) -> Result<(), ControlError> {
        for account in failed {
            let last = self.context.store.renewals(account, 1).await?;
            if let Some(failure) = last.first().and_then(gateway_broker::failure_of) {
                self.context.broker.failed_elsewhere(account, failure);
            }
        }
        Ok(())
    }

    /// Hands a grant to the broker that another gateway may have written.
    pub(crate) fn adopt_from_elsewhere(&self, grant: &GrantRecord) {
        let members = self.context.fleet_state.members();
        let writer = grant.written_by.as_ref().map(|(replica, _)| replica);
        let lives = writer.is_some_and(|writer| members.is_other(writer));
        self.context.broker.changed_elsewhere(grant, lives);
    }

    async fn notices_changed_elsewhere(&self) -> Result<(), ControlError> {
        let open = self.context.store.notices(true).await?;
        let state = &self.context.reminder_state;
        let count = u64::try_from(open.len()).unwrap_or(u64::MAX);
        state.open.store(count, Ordering::Relaxed);
        state.webhook_due.notify_one();
        state.mail_due.notify_one();
        Ok(())
    }
}
