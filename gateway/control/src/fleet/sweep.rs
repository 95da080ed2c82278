//! Everything is compared with the store, because a message may have been missed.

use super::batch::Pending;
use crate::{ControlError, ControlPlane, publication::Touched, serving::ServingState};
use gateway_model::{AccountId, GrantStatus, GrantVersion};
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
        self.compare_grants(true).await
    }

    /// Takes the grants that are newer in the store.
    pub(super) async fn sweep(&self) -> Result<(), ControlError> {
        self.compare_grants(false).await
    }

    async fn compare_grants(&self, thorough: bool) -> Result<(), ControlError> {
        let (newer, lost) = self.grants_that_differ(thorough).await?;
        self.write_back(&lost).await?;
        self.read_grants(&newer).await
    }

    /// Writes back what a failover of the database has lost of grants, where this gateway is their owner.
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
    /// grant is older there. `thorough`: also those whose presentation may have failed since, which makes no new
    /// version.
    async fn grants_that_differ(
        &self,
        thorough: bool,
    ) -> Result<(BTreeSet<AccountId>, BTreeSet<AccountId>), ControlError> {
        // Before the store is read: a grant that is written in between is newer there, and that is harmless.
        let held = self.context.broker.held_grants();
        let stored = self.context.store.grant_versions().await?.into_iter();
        let stored: BTreeMap<AccountId, GrantVersion> = stored
            .map(|(account, version, _)| (account, version))
            .collect();
        let in_store =
            |account: &AccountId| stored.get(account).copied().unwrap_or(GrantVersion::NONE);
        let (mut newer, mut lost) = (BTreeSet::new(), BTreeSet::new());
        for held in held {
            let may_differ = match held.status {
                GrantStatus::Repeatable => false,
                GrantStatus::OutcomeUnknown | GrantStatus::Spent => true,
                // Only its owner presents it, and tells the others.
                GrantStatus::Held | GrantStatus::Presenting | GrantStatus::LastChance => {
                    !held.owned
                }
            };
            match in_store(&held.account).cmp(&held.version) {
                Ordering::Greater => newer.insert(held.account),
                Ordering::Less => lost.insert(held.account),
                Ordering::Equal if thorough && may_differ && held.owned => {
                    lost.insert(held.account)
                }
                Ordering::Equal if thorough && may_differ => newer.insert(held.account),
                Ordering::Equal => false,
            };
        }
        Ok((newer, lost))
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
