//! What the data plane is told about routes, accounts and apps.

use super::secret_hash::SecretHash;
use gateway_model::{
    AccountId, AppId, CarrierId, CarrierProfile, CredentialCell, Environment, Origin, RateLimit,
    Signer,
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
    /// Keys of the carrier's older API that still tell who is calling.
    pub legacy_keys: Vec<LegacyKey>,
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
    /// Other names under which apps may ask for it. Answers always say `id`.
    pub aliases: Vec<AccountId>,
    /// Whose account.
    pub carrier: CarrierId,
    /// In which environment.
    pub environment: Environment,
    /// What to inject.
    pub cell: Arc<CredentialCell>,
    /// Who signs its requests, if its carrier wants that. An account of such a carrier must have one:
    /// without one, requests are sent unsigned.
    pub signer: Option<Arc<dyn Signer>>,
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
    /// How often it may send a request, if that is limited. Token requests have their own limit.
    pub rate: Option<RateLimit>,
}

/// A key of the carrier's older API: an app that still sends it is recognised by it.
#[derive(Clone, Debug)]
pub struct LegacyKey {
    /// The key, hashed.
    pub key: SecretHash,
    /// Whose it is. Its rights and limits are those of this app; if the app is gone, so is the key.
    pub app: Option<AppId>,
    /// The account that it stood for. The same key may stand for one account per environment.
    pub account: AccountId,
}

/// What an app uses at the token endpoint.
#[derive(Clone, Debug)]
pub struct AppLogin {
    /// What it calls itself.
    pub client_id: String,
    /// What proves it.
    pub secret: SecretHash,
}

/// Why a directory cannot be served.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DirectoryError {
    /// Two routes answer to the same `Host`.
    #[error("the host {0:?} belongs to two routes: remove it from one")]
    HostTwice(String),
    /// Two routes answer to the same prefix.
    #[error("the prefix {0:?} belongs to two routes: change one")]
    PrefixTwice(String),
    /// A prefix that is not one or more plain path segments.
    #[error("{0:?} is not a usable prefix: write it like \"/ups\"")]
    Prefix(String),
    /// Two accounts of one name.
    #[error("the account {0} is there twice: rename one")]
    AccountTwice(AccountId),
    /// Another name of an account that is a name already.
    #[error("the name {0} belongs to two accounts: remove it from the aliases of one")]
    AliasTwice(AccountId),
    /// Two apps of one client id.
    #[error("the client id {0:?} belongs to two apps: change one")]
    ClientIdTwice(String),
    /// Two apps of one name.
    #[error("the app {0:?} is there twice: rename one")]
    AppTwice(String),
    /// Two apps of one key.
    #[error("the app {0:?} has the key of another app: give it one of its own")]
    KeyTwice(String),
    /// A retired key that stands for two accounts of one carrier and environment.
    #[error("the retired key of account {0} stands for another account as well: remove one")]
    LegacyKeyTwice(AccountId),
    /// A rule of a carrier's profile that cannot be followed.
    #[error("the older path {0:?} of the carrier cannot be served: its plugin is at fault")]
    LegacyPath(String),
    /// A plaintext origin that was not allowed.
    #[error("{0} is not encrypted: use https, or allow it with danger_plaintext_upstream = true")]
    Plaintext(String),
    /// A route's default account that is not an account of its carrier and environment.
    #[error("the account {0} cannot be the default of a route to {1} ({2})")]
    DefaultAccount(AccountId, CarrierId, Environment),
}
