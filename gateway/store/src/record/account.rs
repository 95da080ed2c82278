//! Accounts at carriers.

use crate::Timestamp;
use gateway_model::{
    AccountId, AccountNumber, CarrierId, ClientSecret, Environment, GrantKind, ManagedBy,
};

/// One login at a carrier: everything but its tokens.
#[derive(Clone, Debug)]
pub struct AccountRecord {
    /// The operator's name of it; unique.
    pub name: AccountId,
    /// Other names that apps may use for it.
    pub aliases: Vec<AccountId>,
    /// At which carrier.
    pub carrier: CarrierId,
    /// In which environment; never changes.
    pub environment: Environment,
    /// The carrier's numbers that the login owns; the first is the one that a probe expects.
    pub numbers: Vec<AccountNumber>,
    /// How its tokens are obtained.
    pub grant: GrantKind,
    /// The OAuth client's id.
    pub client_id: String,
    /// The client's secrets in the order in which they are tried; sealed at rest.
    pub client_secrets: Vec<ClientSecret>,
    /// Whether it is served, renewed and reminded of.
    pub active: bool,
    /// Whether it is the default of its carrier and environment; at most one is.
    pub default: bool,
    /// Who may change it.
    pub managed_by: ManagedBy,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// Counts changes; an update names the one it was made from.
    pub revision: i64,
}
