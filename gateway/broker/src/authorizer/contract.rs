//! The contract of everything that can ask for a token.

use super::transport::Transport;
use gateway_model::Failure;
use gateway_plugin_host::{Authorization, Issued};
use std::{future::Future, pin::Pin};

/// A future that a trait object can return.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Carries one authorization out, for one account.
///
/// The broker calls it for one flight at a time, bounds it by
/// [`authorize_timeout`](crate::BrokerConfig::authorize_timeout), and treats a panic as the plugin's
/// fault. It must not retry a request that may have reached the carrier: the lifecycle decides that.
pub trait Authorizer: Send + Sync {
    /// Whether the requests that carry its credentials are signed. The signer then needs each
    /// credential's state, which is published with it.
    fn signs(&self) -> bool {
        false
    }

    /// Asks the carrier for a credential.
    ///
    /// # Errors
    /// When none was issued; the failure's class decides what happens next.
    fn authorize(
        &self,
        authorization: Authorization,
        transport: Transport,
    ) -> BoxFuture<'_, Result<Issued, Failure>>;
}
