//! The durable side of tokens: what the broker needs of the store.

use crate::BoxFuture;
use gateway_model::{
    AccountId, GrantStatus, GrantVersion, IntentId, SecretBytes, TokenBucketPolicy,
};
use gateway_store::{
    Claim, Completion, DemandCause, GrantRecord, Intent, Presentation, RenewalEntry, Resolution,
    Store, StoreError,
};
use std::{fmt, future::ready, time::Duration};

/// Why nothing was written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    /// A newer login, or another gateway, owns the grant, so this writer's knowledge is outdated.
    #[error(
        "the account has a newer login, or another gateway owns it; what the old one brought is dropped"
    )]
    Fenced,
    /// The store did not take it.
    #[error("the store did not take it: {0}")]
    Failed(String),
}

impl From<StoreError> for LedgerError {
    fn from(error: StoreError) -> Self {
        // A grant that is gone is fenced too: its account was removed.
        if matches!(error, StoreError::Fenced | StoreError::NotFound { .. }) {
            Self::Fenced
        } else {
            Self::Failed(error.to_string())
        }
    }
}

/// Keeps grants. A call that returns `Ok` has made its change durable.
///
/// [`Store`] is the implementation; tests replace it by one in memory that fails on demand.
pub trait Ledger: Send + Sync + fmt::Debug {
    /// Announces the presentation of a single-use grant of that version.
    fn record_intent<'a>(
        &'a self,
        account: &'a AccountId,
        version: GrantVersion,
        which: Presentation,
        intent: &'a Intent,
    ) -> BoxFuture<'a, Result<(), LedgerError>>;

    /// Keeps the carrier's raw answer, before anything reads it.
    fn record_answer<'a>(
        &'a self,
        account: &'a AccountId,
        intent: &'a IntentId,
        answer: &'a SecretBytes,
    ) -> BoxFuture<'a, Result<(), LedgerError>>;

    /// Keeps an intent with its answer, if a failover lost the intent and left the grant of that version in doubt.
    fn end_doubt<'a>(
        &'a self,
        account: &'a AccountId,
        version: GrantVersion,
        intent: &'a Intent,
    ) -> BoxFuture<'a, Result<(), LedgerError>>;

    /// Keeps what an authorization brought, and returns the grant's new version. `intent` is `None`
    /// for a grant that may be presented any number of times.
    fn complete<'a>(
        &'a self,
        account: &'a AccountId,
        version: GrantVersion,
        intent: Option<&'a IntentId>,
        completion: &'a Completion,
        entry: &'a RenewalEntry,
    ) -> BoxFuture<'a, Result<GrantVersion, LedgerError>>;

    /// Keeps what a failed presentation made of the grant, and returns its new status.
    fn resolve<'a>(
        &'a self,
        account: &'a AccountId,
        version: GrantVersion,
        intent: &'a IntentId,
        resolution: Resolution,
        entry: &'a RenewalEntry,
    ) -> BoxFuture<'a, Result<GrantStatus, LedgerError>>;

    /// Reads an account's grant, after a write was fenced.
    fn load<'a>(
        &'a self,
        account: &'a AccountId,
    ) -> BoxFuture<'a, Result<Option<GrantRecord>, LedgerError>>;

    /// Adds a line to the journal of renewals.
    fn note<'a>(&'a self, entry: &'a RenewalEntry) -> BoxFuture<'a, Result<(), LedgerError>>;

    /// Whether other gateways use it too. If not, the methods below are never called.
    fn is_shared(&self) -> bool {
        false
    }

    /// Makes this gateway the account's owner if no other gateway is.
    fn claim<'a>(&'a self, _: &'a AccountId) -> BoxFuture<'a, Result<Claim, LedgerError>> {
        Box::pin(ready(Ok(Claim::Mine)))
    }

    /// Asks the account's owner for a token that is newer than `version`.
    fn demand<'a>(
        &'a self,
        _: &'a AccountId,
        _: GrantVersion,
        _: DemandCause,
    ) -> BoxFuture<'a, Result<(), LedgerError>> {
        Box::pin(ready(Ok(())))
    }

    /// Tells the other gateways that the newest entry of the account's journal is a failure.
    fn tell_failure<'a>(&'a self, _: &'a AccountId) -> BoxFuture<'a, Result<(), LedgerError>> {
        Box::pin(ready(Ok(())))
    }

    /// Whether this gateway may still present a refresh token. Asked right before the token leaves.
    fn may_present(&self) -> bool {
        true
    }

    /// Takes one token request out of the budget of an OAuth client, for all gateways together. The inner
    /// error is the time to wait.
    fn take_budget<'a>(
        &'a self,
        _client: &'a str,
        _: TokenBucketPolicy,
    ) -> BoxFuture<'a, Result<Result<(), Duration>, LedgerError>> {
        Box::pin(ready(Ok(Ok(()))))
    }
}

impl Ledger for Store {
    fn record_intent<'a>(
        &'a self,
        account: &'a AccountId,
        version: GrantVersion,
        which: Presentation,
        intent: &'a Intent,
    ) -> BoxFuture<'a, Result<(), LedgerError>> {
        Box::pin(
            async move { Ok(Self::record_intent(self, account, version, which, intent).await?) },
        )
    }

    fn record_answer<'a>(
        &'a self,
        account: &'a AccountId,
        intent: &'a IntentId,
        answer: &'a SecretBytes,
    ) -> BoxFuture<'a, Result<(), LedgerError>> {
        Box::pin(async move { Ok(Self::record_answer(self, account, intent, answer).await?) })
    }

    fn end_doubt<'a>(
        &'a self,
        account: &'a AccountId,
        version: GrantVersion,
        intent: &'a Intent,
    ) -> BoxFuture<'a, Result<(), LedgerError>> {
        Box::pin(async move { Ok(Self::end_doubt(self, account, version, intent).await?) })
    }

    fn complete<'a>(
        &'a self,
        account: &'a AccountId,
        version: GrantVersion,
        intent: Option<&'a IntentId>,
        completion: &'a Completion,
        entry: &'a RenewalEntry,
    ) -> BoxFuture<'a, Result<GrantVersion, LedgerError>> {
        Box::pin(async move {
            let completed = Self::complete(self, account, version, intent, completion, entry);
            Ok(completed.await?)
        })
    }

    fn resolve<'a>(
        &'a self,
        account: &'a AccountId,
        version: GrantVersion,
        intent: &'a IntentId,
        resolution: Resolution,
        entry: &'a RenewalEntry,
    ) -> BoxFuture<'a, Result<GrantStatus, LedgerError>> {
        Box::pin(async move {
            let resolved = Self::resolve(self, account, version, intent, resolution, entry);
            Ok(resolved.await?)
        })
    }

    fn load<'a>(
        &'a self,
        account: &'a AccountId,
    ) -> BoxFuture<'a, Result<Option<GrantRecord>, LedgerError>> {
        Box::pin(async move { Ok(self.grant_in_crowd(account).await?) })
    }

    fn note<'a>(&'a self, entry: &'a RenewalEntry) -> BoxFuture<'a, Result<(), LedgerError>> {
        Box::pin(async move { Ok(self.note_renewal(entry).await?) })
    }

    fn is_shared(&self) -> bool {
        Self::is_shared(self)
    }

    fn claim<'a>(&'a self, account: &'a AccountId) -> BoxFuture<'a, Result<Claim, LedgerError>> {
        Box::pin(async move { Ok(Self::claim(self, account).await?) })
    }

    fn demand<'a>(
        &'a self,
        account: &'a AccountId,
        version: GrantVersion,
        cause: DemandCause,
    ) -> BoxFuture<'a, Result<(), LedgerError>> {
        Box::pin(async move { Ok(Self::demand(self, account, version, cause).await?) })
    }

    fn tell_failure<'a>(
        &'a self,
        account: &'a AccountId,
    ) -> BoxFuture<'a, Result<(), LedgerError>> {
        Box::pin(async move { Ok(Self::tell_failure(self, account).await?) })
    }

    fn may_present(&self) -> bool {
        Self::may_present(self)
    }

    fn take_budget<'a>(
        &'a self,
        client: &'a str,
        policy: TokenBucketPolicy,
    ) -> BoxFuture<'a, Result<Result<(), Duration>, LedgerError>> {
        Box::pin(async move { Ok(Self::take_budget(self, client, policy).await?) })
    }
}
