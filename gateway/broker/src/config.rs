//! The broker's settings.

use gateway_token::{MintBudgetPolicy, Policy};
use std::time::Duration;

/// The broker's settings; the default suits any size of fleet.
#[derive(Clone, Copy, Debug)]
pub struct BrokerConfig {
    /// When to renew, how to back off, what a 401 may start.
    pub policy: Policy,
    /// How many token requests one OAuth client may make.
    pub mint_budget: MintBudgetPolicy,
    /// One authorization, all its requests included, may take this long.
    pub authorize_timeout: Duration,
    /// So many authorizations run at a time; more wait their turn.
    pub concurrent_authorizations: usize,
    /// So many requests may wait for one account's token; more are turned away at once.
    pub waiters_per_account: usize,
}

impl Default for BrokerConfig {
    fn default() -> Self {
        Self {
            policy: Policy::default(),
            mint_budget: MintBudgetPolicy::default(),
            authorize_timeout: Duration::from_secs(60),
            concurrent_authorizations: 64,
            waiters_per_account: 16_384,
        }
    }
}
