//! An account with several client secrets.

use super::{
    contract::{Authorizer, BoxFuture},
    plugin::PluginAuthorizer,
    transport::Transport,
};
use gateway_model::{Failure, FailureClass};
use gateway_plugin_host::{Authorization, Issued};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

/// The position of the client secret that worked last; shared with the account's signer.
pub type PreferredSecret = Arc<AtomicUsize>;

/// Tries an account's client secrets in order, beginning with the one that worked last.
///
/// So a secret can be replaced at the carrier and here at different times without a gap.
#[derive(Debug)]
pub struct ClientSecrets {
    authorizers: Vec<PluginAuthorizer>,
    preferred: PreferredSecret,
}

impl ClientSecrets {
    /// One authorizer for each secret.
    pub const fn new(authorizers: Vec<PluginAuthorizer>, preferred: PreferredSecret) -> Self {
        Self {
            authorizers,
            preferred,
        }
    }
}

impl Authorizer for ClientSecrets {
    fn signs(&self) -> bool {
        self.authorizers
            .first()
            .is_some_and(PluginAuthorizer::signs)
    }

    fn authorize(
        &self,
        authorization: Authorization,
        transport: Transport,
    ) -> BoxFuture<'_, Result<Issued, Failure>> {
        Box::pin(async move {
            // Relaxed: an outdated position costs one refused attempt, no more.
            let first = self.preferred.load(Ordering::Relaxed);
            let mut last = None;
            for turn in 0..self.authorizers.len() {
                let position = (first + turn) % self.authorizers.len();
                // A copy for each attempt, because a plugin takes its authorization over.
                let attempt = Authorization {
                    reason: authorization.reason,
                    slot: authorization.slot.clone(),
                    state: authorization.state.clone(),
                    params: authorization.params.clone(),
                };
                let authorizer = &self.authorizers[position];
                match authorizer.authorize(attempt, transport.clone()).await {
                    // Only a refused client may be followed by another secret: it was refused before
                    // its grant was looked at (RFC 6749 section 5.2), so the grant is unharmed.
                    Err(failure) if failure.class == FailureClass::Rejected => {
                        last = Some(failure);
                    }
                    result => {
                        if result.is_ok() {
                            self.preferred.store(position, Ordering::Relaxed);
                        }
                        return result;
                    }
                }
            }
            Err(last.unwrap_or_else(no_secret))
        })
    }
}

fn no_secret() -> Failure {
    Failure::new(
        FailureClass::Config,
        "no_secret",
        "there is no client secret",
    )
}
