//! One account's place in the broker: a cell to publish in, and a lifecycle behind a lock.

use crate::{
    AccountSpec, LastResult, further_slots::FurtherSlot, grant_record, metrics::Count,
    remote_wait::RemoteWait, waiters::Waiters,
};
use gateway_model::{
    CredentialCell, Fingerprint, GrantVersion, IntentId, SecretBytes, SpanContext, TokenFacts,
};
use gateway_store::{ReplicaId, Timestamp};
use gateway_token::{Effect, Event, FlightCurrency, FlightId, Jitter, Lifecycle, Policy};
use http::{HeaderName, HeaderValue};
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

/// One account.
#[derive(Debug)]
pub(crate) struct Slot {
    pub(crate) id: u64,
    pub(crate) cell: Arc<CredentialCell>,
    pub(crate) served: Count,
    pub(crate) joined: Count,
    /// Held while something is written about the account's grant, so that writes keep the order in
    /// which their causes came about.
    pub(crate) write_order: tokio::sync::Mutex<()>,
    state: Mutex<SlotState>,
}

/// What changes, under the slot's lock. The lock is never held across an await.
#[derive(Debug)]
pub(crate) struct SlotState {
    pub(crate) spec: AccountSpec,
    lifecycle: Lifecycle,
    pub(crate) waiters: Waiters,
    pub(crate) last_result: Option<LastResult>,
    pub(crate) minted: u64,
    /// The account was removed from the broker: nothing starts any more.
    pub(crate) retired: bool,
    /// Issued or adopted, and not yet published.
    pub(crate) unpublished: Option<UnpublishedToken>,
    /// The published token's fingerprint, once it was asked for.
    pub(crate) fingerprint: Option<Fingerprint>,
    /// The plugin's state for the next authorization, such as a refresh token.
    pub(crate) plugin_state: SecretBytes,
    pub(crate) wake_at: Option<Instant>,
    /// The durable intent whose request is to go out next.
    pub(crate) presented: Option<PresentedIntent>,
    /// The grant's version in the ledger.
    pub(crate) version: GrantVersion,
    /// When the grant itself ends.
    pub(crate) grant_ends: Option<Timestamp>,
    /// When a person last signed in.
    pub(crate) consented_at: Option<Timestamp>,
    /// What the carrier said about the newest token.
    pub(crate) facts: TokenFacts,
    /// Which gateway requests the account's tokens, if the ledger is shared.
    pub(crate) owner: Owner,
    /// The flight waits for another gateway.
    pub(crate) remote: Option<RemoteWait>,
    /// Another gateway waits for the flight.
    pub(crate) awaited_elsewhere: bool,
    /// The gateway that renews the published token; this one stands by.
    pub(crate) standby_for: Option<ReplicaId>,
    /// The account is among those whose sign-in is in doubt.
    pub(crate) doubtful: bool,
    /// The span of the flight that is under way, or of the last one, if it made a call here.
    pub(crate) flown: Option<SpanContext>,
}

/// What this gateway knows of an account's owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    /// Nothing.
    Unknown,
    /// It is another gateway.
    Another,
    /// It is this gateway, which has not looked yet at what an earlier owner left.
    Arriving {
        /// Until then a request of the earlier owner may be under way.
        settled_at: Instant,
    },
    /// It is this gateway.
    This,
}

impl Owner {
    /// Whether it is this gateway, as far as this gateway knows.
    pub(crate) const fn is_this(self) -> bool {
        matches!(self, Self::Arriving { .. } | Self::This)
    }
}

/// A token on its way to its cell.
#[derive(Debug)]
pub(crate) struct UnpublishedToken {
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    /// The slots other than the first.
    pub(crate) slots: Vec<FurtherSlot>,
    /// Whether this process asked for it; an adopted token was asked for by an earlier one.
    pub(crate) minted: bool,
}

/// A durable intent to present the account's single-use grant.
#[derive(Clone, Debug)]
pub(crate) struct PresentedIntent {
    pub(crate) flight: FlightId,
    pub(crate) id: IntentId,
    /// When it was recorded.
    pub(crate) at: Timestamp,
    /// The grant's version that the intent names.
    pub(crate) version: GrantVersion,
}

impl Slot {
    pub(crate) fn new(id: u64, spec: AccountSpec, policy: Policy) -> Self {
        let policy = policy_of(policy, &spec);
        Self {
            id,
            cell: Arc::new(CredentialCell::new(spec.account.clone())),
            served: Count::default(),
            joined: Count::default(),
            write_order: tokio::sync::Mutex::new(()),
            state: Mutex::new(SlotState {
                lifecycle: Lifecycle::new(policy, grant_record::without_record(spec.grant)),
                spec,
                waiters: Waiters::default(),
                last_result: None,
                minted: 0,
                retired: false,
                unpublished: None,
                fingerprint: None,
                plugin_state: SecretBytes::default(),
                wake_at: None,
                presented: None,
                version: GrantVersion::NONE,
                grant_ends: None,
                consented_at: None,
                facts: TokenFacts::default(),
                owner: Owner::Unknown,
                remote: None,
                awaited_elsewhere: false,
                standby_for: None,
                doubtful: false,
                flown: None,
            }),
        }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, SlotState> {
        // A panic in a plugin must not take the account out of service for good.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// When the token can no longer be used; `None`, which is before all others, without a token.
    pub(crate) fn token_end(&self) -> Option<Instant> {
        let state = self.lock();
        let token = state.lifecycle().state().token();
        token.map(|token| token.usable_until)
    }
}

impl SlotState {
    /// The lifecycle, to read; only the driver feeds it.
    pub(crate) const fn lifecycle(&self) -> &Lifecycle {
        &self.lifecycle
    }

    /// Goes by the gateway's policy and the account's route from now on. A renewal that is planned stays
    /// where it is.
    pub(crate) const fn reconfigure(&mut self, policy: Policy) {
        self.lifecycle.set_policy(policy_of(policy, &self.spec));
    }

    /// Feeds one event to the lifecycle. The caller (the driver) carries the effects out before it
    /// releases the lock.
    pub(crate) fn handle(&mut self, now: Instant, event: Event, jitter: Jitter) -> Vec<Effect> {
        self.lifecycle.handle(now, event, jitter)
    }

    /// Whether a token request is under way.
    pub(crate) const fn in_flight(&self) -> bool {
        self.lifecycle.state().flight().is_some()
    }

    /// Ends the wait for another gateway if its flight is over, or its credentials are outdated.
    pub(crate) fn end_idle_wait(&mut self) {
        let flight = self.lifecycle.state().flight();
        let current = flight.filter(|flight| flight.currency == FlightCurrency::Current);
        let current = current.map(|flight| flight.id);
        self.remote.take_if(|wait| current != Some(wait.flight));
    }
}

/// Both must allow a last chance: the policy of the gateway and the carrier's route.
const fn policy_of(mut policy: Policy, spec: &AccountSpec) -> Policy {
    policy.last_chance.allowed &= spec.last_chance;
    policy
}
