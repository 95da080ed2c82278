//! A ledger in memory, with the store's rules, that fails when it is told to.

use crate::support::{grant, main_account};
use gateway_broker::{BoxFuture, Ledger, LedgerError};
use gateway_model::{AccountId, GrantStatus, GrantVersion, IntentId, SecretBytes};
use gateway_store::{Completion, GrantRecord, Intent, Presentation, RenewalEntry, Resolution};
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard},
};

/// A write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    Intent,
    Complete,
    Resolve,
}

#[derive(Debug, Default)]
struct MemoryState {
    grants: BTreeMap<AccountId, GrantRecord>,
    acts: Vec<Act>,
    failing: Option<(Act, u32)>,
    resolved_to: Option<GrantStatus>,
}

/// The ledger.
#[derive(Debug, Default)]
pub(crate) struct Memory(Mutex<MemoryState>);

impl Memory {
    /// A ledger that keeps one account's grant.
    pub(crate) fn of(grant: GrantRecord) -> Self {
        let memory = Self::default();
        memory.replace(grant);
        memory
    }

    fn state(&self) -> MutexGuard<'_, MemoryState> {
        self.0.lock().expect("no panic under the lock")
    }

    /// The writes that succeeded.
    pub(crate) fn acts(&self) -> Vec<Act> {
        self.state().acts.clone()
    }

    /// What is kept of the account `main`.
    pub(crate) fn grant(&self) -> GrantRecord {
        self.state().grants[&main_account()].clone()
    }

    pub(crate) fn replace(&self, grant: GrantRecord) {
        self.state().grants.insert(grant.account.clone(), grant);
    }

    /// The status that the first failure left.
    pub(crate) fn resolved_to(&self) -> Option<GrantStatus> {
        self.state().resolved_to
    }

    /// The next so many writes of this kind fail.
    pub(crate) fn fail(&self, act: Act, times: u32) {
        self.state().failing = Some((act, times));
    }
}

impl MemoryState {
    fn act(
        &mut self,
        act: Act,
        account: &AccountId,
        version: GrantVersion,
        intent: Option<&IntentId>,
    ) -> Result<&mut GrantRecord, LedgerError> {
        if let Some((failing, times)) = &mut self.failing
            && *failing == act
            && *times > 0
        {
            *times -= 1;
            return Err(LedgerError::Failed("the disk is full".to_owned()));
        }
        let grant = self.grants.get_mut(account).ok_or(LedgerError::Fenced)?;
        let open = grant.intent.as_ref().map(|intent| &intent.id);
        if grant.version != version || open != intent {
            return Err(LedgerError::Fenced);
        }
        self.acts.push(act);
        Ok(grant)
    }
}

impl Ledger for Memory {
    fn record_intent<'a>(
        &'a self,
        account: &'a AccountId,
        version: GrantVersion,
        which: Presentation,
        intent: &'a Intent,
    ) -> BoxFuture<'a, Result<(), LedgerError>> {
        Box::pin(async move {
            let mut state = self.state();
            let grant = state.act(Act::Intent, account, version, None)?;
            grant.status = match (which, grant.status) {
                (Presentation::Ordinary, GrantStatus::Held) => GrantStatus::Presenting,
                (Presentation::LastChance, GrantStatus::OutcomeUnknown) => GrantStatus::LastChance,
                (_, status) => unreachable!("{which:?} of a grant that is {status:?}"),
            };
            grant.intent = Some(intent.clone());
            Ok(())
        })
    }

    fn record_answer<'a>(
        &'a self,
        _: &'a AccountId,
        _: &'a IntentId,
        _: &'a SecretBytes,
    ) -> BoxFuture<'a, Result<(), LedgerError>> {
        Box::pin(async { Ok(()) })
    }

    fn end_doubt<'a>(
        &'a self,
        _: &'a AccountId,
        _: GrantVersion,
        _: &'a Intent,
    ) -> BoxFuture<'a, Result<(), LedgerError>> {
        // This ledger loses nothing.
        Box::pin(async { Err(LedgerError::Fenced) })
    }

    fn complete<'a>(
        &'a self,
        account: &'a AccountId,
        version: GrantVersion,
        intent: Option<&'a IntentId>,
        completion: &'a Completion,
        _: &'a RenewalEntry,
    ) -> BoxFuture<'a, Result<GrantVersion, LedgerError>> {
        Box::pin(async move {
            let mut state = self.state();
            if intent.is_none() {
                let first = || GrantRecord {
                    account: account.clone(),
                    version: GrantVersion::NONE,
                    ..grant(GrantStatus::Repeatable)
                };
                state.grants.entry(account.clone()).or_insert_with(first);
            }
            let grant = state.act(Act::Complete, account, version, intent)?;
            grant.version = grant.version.next();
            grant.status = completion.status;
            grant.state = completion.state.clone();
            grant.token = Some(completion.token.clone());
            (grant.intent, grant.restored) = (None, None);
            Ok(grant.version)
        })
    }

    fn resolve<'a>(
        &'a self,
        account: &'a AccountId,
        version: GrantVersion,
        intent: &'a IntentId,
        resolution: Resolution,
        _: &'a RenewalEntry,
    ) -> BoxFuture<'a, Result<GrantStatus, LedgerError>> {
        Box::pin(async move {
            let mut state = self.state();
            let grant = state.act(Act::Resolve, account, version, Some(intent))?;
            let last = match grant.status {
                GrantStatus::Presenting => false,
                GrantStatus::LastChance => true,
                resolved @ (GrantStatus::Repeatable
                | GrantStatus::Held
                | GrantStatus::OutcomeUnknown
                | GrantStatus::Spent) => return Ok(resolved),
            };
            let status = match (resolution, last) {
                (Resolution::Unharmed, false) => GrantStatus::Held,
                (Resolution::Unharmed, true) | (Resolution::Unknown, false) => {
                    GrantStatus::OutcomeUnknown
                }
                (Resolution::Unknown, true) | (Resolution::Refused, _) => GrantStatus::Spent,
            };
            grant.status = status;
            grant.intent = None;
            state.resolved_to.get_or_insert(status);
            Ok(status)
        })
    }

    fn load<'a>(
        &'a self,
        account: &'a AccountId,
    ) -> BoxFuture<'a, Result<Option<GrantRecord>, LedgerError>> {
        Box::pin(async move { Ok(self.state().grants.get(account).cloned()) })
    }

    fn note<'a>(&'a self, _: &'a RenewalEntry) -> BoxFuture<'a, Result<(), LedgerError>> {
        Box::pin(async { Ok(()) })
    }
}
