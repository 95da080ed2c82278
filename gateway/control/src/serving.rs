//! What the control plane publishes to the data plane, and what it asks the data plane.

use crate::{Actor, ControlError};
use gateway_api::{ConfigurationView, ReloadReport, RequestQuery, RequestView};
use gateway_model::{AccountId, AppId, CredentialCell, Share, Signer};
use gateway_store::{AccountRecord, AppRecord, LegacyKeyRecord, SecretDigest};
use std::{collections::BTreeMap, pin::Pin, sync::Arc};

/// The accounts, apps and keys that the data plane serves. Cheap to clone in its parts.
#[derive(Clone, Debug, Default)]
pub struct ServingState {
    /// All accounts.
    pub accounts: BTreeMap<AccountId, Arc<ServingAccount>>,
    /// All apps.
    pub apps: BTreeMap<AppId, Arc<AppRecord>>,
    /// All retired access keys.
    pub legacy_keys: BTreeMap<SecretDigest, LegacyKeyRecord>,
    /// This gateway's part of the rates of apps.
    pub share: Share,
}

/// An account, and the cell in which its credential is published.
#[derive(Clone, Debug)]
pub struct ServingAccount {
    /// The account, without its client secrets.
    pub record: AccountRecord,
    /// The cell in which its credential is published.
    pub cell: Arc<CredentialCell>,
    /// The signer of its requests, if its carrier requires signed requests.
    pub signer: Option<Arc<dyn Signer>>,
}

/// Publishes changes to the data plane.
pub trait Publisher: Send + Sync {
    /// Replaces what the data plane serves. `only` names the account in which the state differs from the one that
    /// was published last; `None` means that more may differ.
    ///
    /// # Errors
    /// When it cannot be served; the data plane then continues with the previous state.
    fn publish(&self, state: &ServingState, only: Option<&AccountId>) -> Result<(), ControlError>;
}

/// Reads the gateway's configuration again, and lets it take over.
pub trait Reloader: Send + Sync {
    /// Reads the file, checks all of it, and lets everything take over that needs no restart. With `dry_run`
    /// nothing is changed, and no carrier is asked.
    ///
    /// # Errors
    /// With every mistake. Nothing was changed then, unless the error says so.
    fn reload<'a>(
        &'a self,
        actor: &'a Actor,
        dry_run: bool,
    ) -> Pin<Box<dyn Future<Output = Result<ReloadReport, ControlError>> + Send + 'a>>;

    /// The settings with which the gateway runs.
    fn configuration(&self) -> ConfigurationView;
}

/// Reads the last requests from the data plane.
pub trait RequestHistory: Send + Sync {
    /// At most `limit` requests that the query asks for, the newest first.
    fn recent(
        &self,
        query: RequestQuery,
        limit: usize,
    ) -> Pin<Box<dyn Future<Output = Vec<RequestView>> + Send + '_>>;
}
