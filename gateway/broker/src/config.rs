//! The broker's settings.

use gateway_model::TokenBucketPolicy;
use gateway_token::Policy;
use std::time::Duration;

/// The broker's settings; the default suits any size of fleet.
#[derive(Clone, Copy, Debug)]
pub struct BrokerConfig {
    /// When to renew, how to back off, what a 401 may start.
    pub policy: Policy,
    /// How many token requests one OAuth client may make, whatever the lifecycles want.
    pub mint_budget: TokenBucketPolicy,
    /// The deadline of one authorization, all its requests included.
    pub authorize_timeout: Duration,
    /// How long a gateway of a fleet owns its accounts after its last heartbeat.
    pub lease: Duration,
    /// How many authorizations run at a time; further ones wait.
    pub concurrent_authorizations: usize,
    /// How many requests may wait for one account's token; further ones are turned away at once.
    pub waiters_per_account: usize,
}

impl Default for BrokerConfig {
    fn default() -> Self {
        Self {
            policy: Policy::default(),
            mint_budget: TokenBucketPolicy {
                burst: 30,
                interval: Duration::from_secs(2),
            },
            authorize_timeout: Duration::from_secs(60),
            lease: Duration::from_secs(15),
            concurrent_authorizations: 64,
            waiters_per_account: 16_384,
        }
    }
}
