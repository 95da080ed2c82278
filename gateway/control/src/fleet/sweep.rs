//! Everything is compared with the store, because a message may have been missed.

use super::batch::Pending;
use crate::{ControlError, ControlPlane, publication::Touched, serving::ServingState};
use gateway_model::{AccountId, GrantVersion};
use gateway_store::AccountRecord;
use std::{
    cmp::Ordering,
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
        let (newer, lost) = self.grants_that_differ().await?;
        self.write_back(&lost).await?;
        self.read_grants(&newer).await
    }

    /// Writes grants back that a failover of the database has lost, where this gateway is their owner.
    async fn write_back(&self, lost: &BTreeSet<AccountId>) -> Result<(), ControlError> {
        for account in lost {
            let Some(held) = self.context.broker.held(account) else {
                continue;
            };
            if self.context.store.write_back(&held).await? {
                tracing::warn!(
                    %account,
                    "the database had an older grant than this gateway, as after a failover: the newer one was \
                     written back"
                );
            }
        }
        Ok(())
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

    /// The accounts whose grant in the store is newer than the one that this gateway holds, and those whose
    /// grant is older there.
    async fn grants_that_differ(
        &self,
    ) -> Result<(BTreeSet<AccountId>, BTreeSet<AccountId>), ControlError> {
        // Before the store is read: a grant that is written in between is newer there, and that is harmless.
        let held = self.context.broker.versions().into_iter();
        let held: BTreeMap<AccountId, GrantVersion> = held.collect();
        let stored = self.context.store.grant_versions().await?.into_iter();
        let stored: BTreeMap<AccountId, GrantVersion> = stored
            .map(|(account, version, _)| (account, version))
            .collect();
        let in_store =
            |account: &AccountId| stored.get(account).copied().unwrap_or(GrantVersion::NONE);
        let mut differing = (BTreeSet::new(), BTreeSet::new());
        for (account, held) in held {
            match in_store(&account).cmp(&held) {
                Ordering::Greater => differing.0.insert(account),
                Ordering::Less => differing.1.insert(account),
                Ordering::Equal => false,
            };
        }
        Ok(differing)
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
