//! Another configuration takes over while the gateway serves.
//!
//! `check` finds out what it would change and everything that speaks against it: names, plugins, plugin
//! settings, credentials that get no token. `apply` follows only if nothing does. The order there: the store
//! first, because it can fail, then what cannot.

mod apply;
mod candidate;
mod check;

use crate::{
    Actor, ControlError, ControlPlane, Declared, Fault, Reloader, ServingState, Settings,
    reload::candidate::Candidate,
};
use gateway_api::{ConfigurationView, ReloadReport};
use gateway_http_client::HttpClient;
use gateway_model::AccountId;
use gateway_store::StoreError;
use std::{collections::BTreeSet, fmt, sync::Arc};

/// Says whether the data plane could serve a state.
type ServingCheck = dyn Fn(&ServingState) -> Result<(), String> + Send + Sync;

/// A configuration that may take over.
pub struct NewConfiguration {
    /// Its accounts and apps.
    pub declared: Declared,
    /// The accounts that it switches on or off. The others stay as an operator has switched them.
    pub switched: BTreeSet<AccountId>,
    /// The settings.
    pub settings: Settings,
    /// The redirect URI of sign-ins that begin from now on.
    pub redirect_uri: String,
    /// The HTTP client, if it is another one.
    pub http: Option<Arc<dyn HttpClient>>,
    /// Whether reminders go to other receivers.
    pub other_receivers: bool,
    /// Says whether the data plane could serve a state.
    pub check: Box<ServingCheck>,
    /// Lets the parts outside the control plane take over. Called once, when nothing speaks against it.
    pub switch: Box<dyn FnOnce() + Send + Sync>,
}

impl fmt::Debug for NewConfiguration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewConfiguration")
            .field("switched", &self.switched)
            .finish_non_exhaustive()
    }
}

/// What speaks against a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Objection {
    /// The account that it is about.
    pub account: Option<AccountId>,
    /// The key of the account that is at fault.
    pub key: Option<String>,
    /// What is wrong. It never contains a secret.
    pub message: String,
    /// What to do.
    pub fix: String,
}

/// Why a configuration did not take over.
#[derive(Clone, Debug)]
pub enum ReloadRefusal {
    /// It is wrong; nothing was changed.
    Objections(Vec<Objection>),
    /// Something failed.
    Failed(ControlError),
}

impl From<ControlError> for ReloadRefusal {
    fn from(error: ControlError) -> Self {
        Self::Failed(error)
    }
}

impl From<StoreError> for ReloadRefusal {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

impl ControlPlane {
    /// Reads the configuration again and lets it take over, or says what it would change.
    ///
    /// # Errors
    /// With every mistake in it, or when this gateway has no configuration to read.
    pub async fn reload(&self, actor: &Actor, dry_run: bool) -> Result<ReloadReport, ControlError> {
        self.reloader()?.reload(actor, dry_run).await
    }

    /// The settings with which the gateway runs.
    ///
    /// # Errors
    /// When this gateway has no configuration file.
    pub fn configuration(&self) -> Result<ConfigurationView, ControlError> {
        Ok(self.reloader()?.configuration())
    }

    fn reloader(&self) -> Result<Arc<dyn Reloader>, ControlError> {
        self.context.reloader().ok_or_else(|| {
            let message = "this gateway has no configuration file";
            ControlError::new(Fault::Unavailable, "no_configuration", message)
                .remedy("start it with `waybill serve`")
        })
    }

    /// Records an attempt to reload in the audit trail, does the work, and records how it ended.
    ///
    /// # Errors
    /// Those of the work; or the entry cannot be recorded, and then nothing was done.
    pub async fn audited_reload<T>(
        &self,
        actor: &Actor,
        detail: serde_json::Value,
        work: impl Future<Output = Result<T, ControlError>>,
    ) -> Result<T, ControlError> {
        self.audited(actor, "config.reload", "config", detail, work)
            .await
    }

    /// The plugins whose files hold something else than what runs.
    ///
    /// # Errors
    /// When the work with the files ended early.
    pub async fn plugins_to_reload(&self) -> Result<Vec<String>, ControlError> {
        self.replaceable_plugins().await
    }

    /// Says what speaks against a configuration, as far as no carrier has to be asked and no plugin loaded.
    ///
    /// # Errors
    /// With everything that speaks against it.
    pub async fn check_configuration(&self, new: &NewConfiguration) -> Result<(), ReloadRefusal> {
        let mut candidate = Candidate::of(&self.context, new, Vec::new()).await?;
        candidate.check_plugins().await
    }

    /// Lets a configuration take over. Returns the plugins that were replaced.
    ///
    /// # Errors
    /// With everything that speaks against it; then nothing was changed. If the store fails in the middle,
    /// it may have a part of the accounts, and the gateway serves as before.
    pub async fn apply_configuration(
        &self,
        new: NewConfiguration,
    ) -> Result<Vec<String>, ReloadRefusal> {
        let replacements = self.load_plugins(&new).await?;
        let mut candidate = Candidate::of(&self.context, &new, replacements).await?;
        candidate.check_plugins().await?;
        // Before the lock: a slow carrier must not hold up other changes.
        candidate.prove().await?;
        let replacements = candidate.into_replacements();
        let _turn = self.context.changes.lock().await;
        // Once more, because an operator may have changed something meanwhile.
        let candidate = Candidate::of(&self.context, &new, replacements).await?;
        let replaced = self.take_over(candidate, new).await;
        replaced.map_err(ReloadRefusal::Failed)
    }
}
