//! The broker itself: it adds, adopts and removes accounts, and shuts down.

use crate::{
    AccountSpec, BrokerConfig, Handle, HeldGrant, Ledger, accounts, context::BrokerContext, driver,
    elsewhere, held, ownership::Renewer, slot::Owner,
};
use gateway_model::{AccountId, Clock, CredentialCell, Failure, GrantVersion, SpanSink};
use gateway_store::{DemandCause, GrantRecord, ReplicaId};
use std::{fmt, sync::Arc, time::Duration};

/// Keeps the tokens of all accounts fresh.
///
/// Dropping it stops renewals at once; [`Broker::shutdown`] lets token calls finish first.
pub struct Broker {
    context: Arc<BrokerContext>,
}

/// How a shutdown went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shutdown {
    /// Every token call had ended.
    Clean,
    /// Some token calls were cut off when the grace period was over.
    CutOff {
        /// How many.
        calls: usize,
    },
}

impl Broker {
    /// Starts a broker on the current tokio runtime, which makes the token calls from then on,
    /// whatever runtime asks for them. `jitter_seed` should be random, or replicas renew in step.
    ///
    /// # Panics
    /// Outside a tokio runtime with time enabled.
    pub fn new(
        config: BrokerConfig,
        clock: Arc<dyn Clock>,
        ledger: Arc<dyn Ledger>,
        jitter_seed: u64,
    ) -> Self {
        let context = Arc::new(BrokerContext::new(config, clock, ledger, jitter_seed));
        context
            .runtime
            .spawn(accounts::run_timers(Arc::clone(&context)));
        Self { context }
    }

    /// A handle to ask for tokens with.
    pub fn handle(&self) -> Handle {
        Handle::new(Arc::clone(&self.context))
    }

    /// Gives the spans of token calls to `sink` from now on. A second call changes nothing.
    pub fn trace(&self, sink: Arc<dyn SpanSink>) {
        self.context.trace(sink);
    }

    /// Works by other settings from now on. How many authorizations run at a time stays as it was. A token
    /// that is there is renewed when it was planned; its successor is planned by the new policy.
    pub fn reconfigure(&self, config: BrokerConfig) {
        self.context.reconfigure(config);
        for slot in self.context.slots() {
            slot.lock().reconfigure(config.policy);
        }
    }

    /// Keeps an account's tokens from now on, and returns the cell in which they are published.
    ///
    /// Adding an account again updates it. If its [`SlotKey`](crate::SlotKey) changed, everything
    /// that the old credentials brought is withdrawn at once; the cell stays the same.
    pub fn add_account(&self, spec: AccountSpec) -> Arc<CredentialCell> {
        let slot = self.context.slot_or_insert(&spec);
        accounts::replace_spec(&self.context, &slot, spec);
        Arc::clone(&slot.cell)
    }

    /// Takes over what the store kept of an account, or what a person's login brought: its grant and,
    /// if it is still good, its token. Returns `false` if the account is not known.
    ///
    /// A token call that is under way for the account no longer counts.
    pub fn adopt(&self, record: &GrantRecord) -> bool {
        let slot = self.context.slot(&record.account);
        let known = slot.is_some();
        if let Some(slot) = slot {
            let renewer = if slot.lock().owner == Owner::Another {
                Renewer::Another
            } else {
                Renewer::This
            };
            driver::adopt(&self.context, &slot, record, renewer);
        }
        known
    }

    /// Takes over a record that another gateway on the same ledger wrote, if its version is newer than what is
    /// held. While the gateway that wrote it lives, that one renews the token, and this one does so a lease
    /// later at the earliest. A record of the same version counts if its intent has a late answer.
    pub fn changed_elsewhere(&self, record: &GrantRecord, writer_lives: bool) {
        if let Some(slot) = self.context.slot(&record.account) {
            elsewhere::changed(&self.context, &slot, record, writer_lives);
        }
    }

    /// Serves another gateway that asks for a token newer than `version`. Only the account's owner does
    /// something: the other gateway hears of the new record, or of a failure.
    pub fn demanded_elsewhere(
        &self,
        account: &AccountId,
        version: GrantVersion,
        cause: DemandCause,
    ) {
        if let Some(slot) = self.context.slot(account) {
            elsewhere::demanded(&self.context, &slot, version, cause);
        }
    }

    /// Ends the account's wait for its owner, whose token request failed. [`failure_of`](crate::failure_of)
    /// reads the failure in the journal.
    pub fn failed_elsewhere(&self, account: &AccountId, failure: Failure) {
        if let Some(slot) = self.context.slot(account) {
            elsewhere::failed(&slot, failure);
        }
    }

    /// Goes on without the gateways that are not among these: waits for them end, and what they would have
    /// renewed is renewed here when it is due.
    pub fn replicas_changed(&self, live: &[ReplicaId]) {
        let mut slots = self.context.slots();
        // A gateway that has ended may leave thousands of accounts, which are taken over one after another: first those
        // whose token ends first, so that none has ended when its turn comes.
        slots.sort_by_cached_key(|slot| slot.token_end());
        for slot in slots {
            elsewhere::replicas_changed(&self.context, &slot, live);
        }
    }

    /// What is held of an account's grant, for writing it back after a failover of the database has lost it.
    /// `None` while a token request is under way, and if this gateway is not the account's owner.
    pub fn held(&self, account: &AccountId) -> Option<GrantRecord> {
        let slot = self.context.slot(account)?;
        elsewhere::held(&self.context, &slot)
    }

    /// What is held of every account's grant.
    pub fn held_grants(&self) -> Vec<HeldGrant> {
        held::all(&self.context)
    }

    /// Forgets an account; its cell says so to every worker that still reads it. Returns `false` if the
    /// account was not known.
    pub fn remove_account(&self, account: &AccountId) -> bool {
        let Some(slot) = self.context.remove_slot(account) else {
            return false;
        };
        // After it is out of the map: a handle that finds no slot says so itself.
        accounts::retire(&self.context, &slot);
        true
    }

    /// Starts no token call any more, waits up to `grace` for those that run, and cuts the remaining
    /// ones off.
    ///
    /// A token that arrives within that time is still published, and its waiters are served.
    pub async fn shutdown(&self, grace: Duration) -> Shutdown {
        let context = &self.context;
        // First of all: a call that begins now might not end within the grace period.
        context.stopping.cancel();
        // A closed tracker still accepts tasks; `stopping` is what keeps new flights from starting.
        context.flights.close();
        if tokio::time::timeout(grace, context.flights.wait())
            .await
            .is_ok()
        {
            return Shutdown::Clean;
        }
        // Counted before they are cut off, because afterwards there are none.
        let calls = context.flights.len();
        context.cut_off.cancel();
        // They end by themselves once they are cut off, so this wait is short.
        context.flights.wait().await;
        Shutdown::CutOff { calls }
    }
}

impl fmt::Debug for Broker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Broker")
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        // Nobody waits after a drop, so calls are cut off at once.
        self.context.stopping.cancel();
        self.context.cut_off.cancel();
    }
}
