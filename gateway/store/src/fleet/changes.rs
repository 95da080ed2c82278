//! What gateways tell each other through the database.

use crate::{DemandCause, Store, StoreChange, StoreError};
use gateway_model::{AccountId, GrantVersion};
use tokio::sync::mpsc;

type Result<T> = std::result::Result<T, StoreError>;

/// What other gateways do to the store, in the order in which they did it.
#[derive(Debug)]
pub struct StoreChanges(mpsc::Receiver<StoreChange>);

impl StoreChanges {
    /// The next change; `None` once the store is closed.
    pub async fn next(&mut self) -> Option<StoreChange> {
        self.0.recv().await
    }
}

impl Store {
    /// The stream of changes, for the first caller. `None` for a store that is not shared.
    pub fn changes(&self) -> Option<StoreChanges> {
        None
    }

    /// Asks the account's owner for a token that is newer than `version`.
    pub async fn demand(
        &self,
        _account: &AccountId,
        _version: GrantVersion,
        _cause: DemandCause,
    ) -> Result<()> {
        Ok(())
    }

    /// Tells the other gateways that a token request failed.
    pub async fn tell_failure(&self, _account: &AccountId) -> Result<()> {
        Ok(())
    }
}
