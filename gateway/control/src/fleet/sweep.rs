//! Everything is compared with the store, because a message may have been missed.

use super::batch::Pending;
use crate::{ControlError, ControlPlane, publication::Touched, serving::ServingState};
use gateway_model::{AccountId, GrantVersion};
use gateway_store::AccountRecord;
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

/// The pause between two comparisons of the grants. Messages carry changes; this finds what they did not.
const INTERVAL: Duration = Duration::from_secs(60);

impl ControlPlane {
    /// Compares the versions of all grants now and then: one statement, however many accounts there are.
    pub(super) async fn keep_sweeping(&self, pending: &Pending) {
        loop {
            // A tenth up or down, so that the gateways do not ask together.
            let pause = INTERVAL.mul_f64(0.9 + 0.2 * self.context.fraction());
            tokio::time::sleep(pause).await;
            pending.add(|batch| batch.sweep = true);
        }
    }

    /// Compares accounts, apps and grants with the store, and takes what differs.
    pub(super) async fn resync(&self) -> Result<(), ControlError> {
        self.context.fleet_state.count_resync();
        self.compare_served().await?;
        self.sweep().await
    }

    /// Takes the grants that are newer in the store.
    pub(super) async fn sweep(&self) -> Result<(), ControlError> {
        let newer = self.grants_that_differ().await?;
        self.read_grants(&newer).await
    }

    async fn compare_served(&self) -> Result<(), ControlError> {
        let context = &self.context;
        let _turn = context.changes.lock().await;
        let known = context.served().take();
        let accounts = context.store.accounts().await?;
        let differing = differing(known.as_ref(), &accounts);
        let stored: BTreeSet<&AccountId> = accounts.iter().map(|record| &record.name).collect();
        for gone in context.all_wired() {
            if !stored.contains(&gone) {
                context.broker.remove_account(&gone);
                context.set_wired(&gone, None);
            }
        }
        for record in differing {
            if record.active {
                self.connect(record).await?;
            } else {
                context.broker.remove_account(&record.name);
                context.set_wired(&record.name, None);
            }
        }
        self.publish(None, Touched::Everything).await
    }

    /// The accounts whose grant in the store is newer than the one that this gateway holds.
    async fn grants_that_differ(&self) -> Result<BTreeSet<AccountId>, ControlError> {
        // Before the store is read: a grant that is written in between is newer there, and that is harmless.
        let held = self.context.broker.versions().into_iter();
        let held: BTreeMap<AccountId, GrantVersion> = held.collect();
        let stored = self.context.store.grant_versions().await?;
        let newer = stored.into_iter().filter_map(|(account, version, _)| {
            let held = held.get(&account)?;
            (version > *held).then_some(account)
        });
        Ok(newer.collect())
    }
}

/// The accounts that are not as they were published last.
fn differing<'a>(
    known: Option<&ServingState>,
    accounts: &'a [AccountRecord],
) -> Vec<&'a AccountRecord> {
    let same = |record: &AccountRecord| {
        let known = known.and_then(|known| known.accounts.get(&record.name));
        known.is_some_and(|known| {
            let is = &known.record;
            // The second tells an account from one that was removed and added again.
            (is.revision, is.created_at) == (record.revision, record.created_at)
        })
    };
    accounts.iter().filter(|record| !same(record)).collect()
}
