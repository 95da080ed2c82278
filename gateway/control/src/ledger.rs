//! The store as the broker's ledger.

use gateway_broker::{BoxFuture, Ledger, LedgerError};
use gateway_model::{AccountId, GrantStatus, SecretBytes};
use gateway_store::{
    Completion, GrantRecord, Intent, Presentation, RenewalEntry, Resolution, Store, StoreError,
};
use std::fmt;

/// The store as the broker's ledger.
#[derive(Clone)]
pub struct StoreLedger(pub Store);

impl fmt::Debug for StoreLedger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoreLedger({})", self.0.kind())
    }
}

fn refused(error: StoreError) -> LedgerError {
    if matches!(error, StoreError::Fenced | StoreError::NotFound { .. }) {
        LedgerError::Fenced
    } else {
        LedgerError::Failed(error.to_string())
    }
}

impl Ledger for StoreLedger {
    fn record_intent<'a>(
        &'a self,
        account: &'a AccountId,
        version: i64,
        which: Presentation,
        intent: &'a Intent,
    ) -> BoxFuture<'a, Result<(), LedgerError>> {
        Box::pin(async move {
            let recorded = self.0.record_intent(account, version, which, intent);
            recorded.await.map_err(refused)
        })
    }

    fn record_answer<'a>(
        &'a self,
        account: &'a AccountId,
        intent: &'a str,
        answer: &'a SecretBytes,
    ) -> BoxFuture<'a, Result<(), LedgerError>> {
        Box::pin(async move {
            let recorded = self.0.record_answer(account, intent, answer);
            recorded.await.map_err(refused)
        })
    }

    fn complete<'a>(
        &'a self,
        account: &'a AccountId,
        version: i64,
        intent: Option<&'a str>,
        completion: &'a Completion,
        entry: &'a RenewalEntry,
    ) -> BoxFuture<'a, Result<i64, LedgerError>> {
        Box::pin(async move {
            let completed = self.0.complete(account, version, intent, completion, entry);
            completed.await.map_err(refused)
        })
    }

    fn resolve<'a>(
        &'a self,
        account: &'a AccountId,
        version: i64,
        intent: &'a str,
        resolution: Resolution,
        entry: &'a RenewalEntry,
    ) -> BoxFuture<'a, Result<GrantStatus, LedgerError>> {
        Box::pin(async move {
            let resolved = self.0.resolve(account, version, intent, resolution, entry);
            resolved.await.map_err(refused)
        })
    }

    fn load<'a>(
        &'a self,
        account: &'a AccountId,
    ) -> BoxFuture<'a, Result<Option<GrantRecord>, LedgerError>> {
        Box::pin(async move { self.0.grant(account).await.map_err(refused) })
    }

    fn note<'a>(&'a self, entry: &'a RenewalEntry) -> BoxFuture<'a, Result<(), LedgerError>> {
        Box::pin(async move { self.0.note_renewal(entry).await.map_err(refused) })
    }
}
