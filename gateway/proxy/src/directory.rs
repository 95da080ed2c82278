//! Routes, accounts and apps: an immutable snapshot that every worker reads.

use crate::secret_hash::SecretHash;
use gateway_model::{
    AccountId, AppId, CarrierId, CarrierProfile, CredentialCell, Environment, Origin,
};
use std::sync::Arc;

/// What the data plane knows about its callers and carriers.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    /// Where requests may go.
    pub routes: Vec<Route>,
    /// With whose credentials.
    pub accounts: Vec<Account>,
    /// On whose behalf.
    pub apps: Vec<App>,
}

/// One carrier and environment that apps may reach.
#[derive(Clone, Debug)]
pub struct Route {
    /// What the carrier's plugin says about it.
    pub profile: Arc<CarrierProfile>,
    /// Which of the carrier's environments.
    pub environment: Environment,
    /// Where requests are sent.
    pub origin: Origin,
    /// The operator allows an `http` origin.
    pub danger_plaintext: bool,
    /// Names that select this route when an app sends them in `Host`.
    pub hosts: Vec<String>,
    /// First path segments that select this route and are removed: `/ups`.
    pub prefix: Option<String>,
    /// The account of callers who name none and are not a registered app.
    pub default_account: Option<AccountId>,
}

/// An account and the place where its credential is published.
#[derive(Clone, Debug)]
pub struct Account {
    /// The operator's name of it.
    pub id: AccountId,
    /// Whose account.
    pub carrier: CarrierId,
    /// In which environment.
    pub environment: Environment,
    /// What to inject.
    pub cell: Arc<CredentialCell>,
}

/// A registered caller.
#[derive(Clone, Debug)]
pub struct App {
    /// The operator's name of it.
    pub id: AppId,
    /// What it uses at the token endpoint, if it comes there.
    pub login: Option<AppLogin>,
    /// Its static key, if it has one (`Waybill-Key`).
    pub key: Option<SecretHash>,
    /// What it may use; the first of a carrier and environment is its default there.
    pub accounts: Vec<AccountId>,
}

/// What an app uses at the token endpoint.
#[derive(Clone, Debug)]
pub struct AppLogin {
    /// What it calls itself.
    pub client_id: String,
    /// What proves it.
    pub secret: SecretHash,
}
