//! The durable side of tokens, as the broker needs it.

use crate::BoxFuture;
use gateway_model::{AccountId, GrantStatus, SecretBytes};
use gateway_store::{Completion, GrantRecord, Intent, Presentation, RenewalEntry, Resolution};
use std::fmt;

/// Why nothing was written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    /// A newer login, or another gateway, owns the grant: what this one knows is outdated.
    #[error("the account has a newer login; what the old one brought is dropped")]
    Fenced,
    /// The store did not take it.
    #[error("the store did not take it: {0}")]
    Failed(String),
}

/// Where grants are kept. A call that returns `Ok` has made its change durable.
pub trait Ledger: Send + Sync + fmt::Debug {
    /// Announces the presentation of a single-use grant of that version.
    fn record_intent<'a>(
        &'a self,
        account: &'a AccountId,
        version: i64,
        which: Presentation,
        intent: &'a Intent,
    ) -> BoxFuture<'a, Result<(), LedgerError>>;

    /// Keeps the carrier's raw answer, before anybody reads it.
    fn record_answer<'a>(
        &'a self,
        account: &'a AccountId,
        intent: &'a str,
        answer: &'a SecretBytes,
    ) -> BoxFuture<'a, Result<(), LedgerError>>;

    /// Keeps what an authorization brought; the new version comes back. `intent` is `None` for a
    /// grant that may be presented any number of times.
    fn complete<'a>(
        &'a self,
        account: &'a AccountId,
        version: i64,
        intent: Option<&'a str>,
        completion: &'a Completion,
        entry: &'a RenewalEntry,
    ) -> BoxFuture<'a, Result<i64, LedgerError>>;

    /// Keeps what a failed presentation made of the grant, and says what it is now.
    fn resolve<'a>(
        &'a self,
        account: &'a AccountId,
        version: i64,
        intent: &'a str,
        resolution: Resolution,
        entry: &'a RenewalEntry,
    ) -> BoxFuture<'a, Result<GrantStatus, LedgerError>>;

    /// What is kept of an account's grant now; after a write was fenced out.
    fn load<'a>(
        &'a self,
        account: &'a AccountId,
    ) -> BoxFuture<'a, Result<Option<GrantRecord>, LedgerError>>;

    /// Adds a line to the journal of renewals.
    fn note<'a>(&'a self, entry: &'a RenewalEntry) -> BoxFuture<'a, Result<(), LedgerError>>;
}
