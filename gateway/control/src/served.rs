//! What the data plane is told.

use crate::ControlError;
use gateway_model::{CredentialCell, Signer};
use gateway_store::{AccountRecord, AppRecord, LegacyKeyRecord};
use std::sync::Arc;

/// Accounts, apps and keys as they are now.
#[derive(Clone, Debug)]
pub struct Served {
    /// All accounts.
    pub accounts: Vec<ServedAccount>,
    /// All apps.
    pub apps: Vec<AppRecord>,
    /// All retired access keys.
    pub legacy_keys: Vec<LegacyKeyRecord>,
}

/// An account and the place where its credential is published.
#[derive(Clone, Debug)]
pub struct ServedAccount {
    /// The account.
    pub record: AccountRecord,
    /// Where its credential is published.
    pub cell: Arc<CredentialCell>,
    /// Who signs its requests, if its carrier wants that.
    pub signer: Option<Arc<dyn Signer>>,
}

/// Takes changes to the data plane.
pub trait Publisher: Send + Sync {
    /// Makes this what is served.
    ///
    /// # Errors
    /// When it cannot be served; the data plane goes on with what it had.
    fn publish(&self, served: &Served) -> Result<(), ControlError>;
}
