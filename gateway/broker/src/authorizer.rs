//! How a token is asked for.

use gateway_model::Failure;
use gateway_plugin_host::{Authorization, Issued};
use std::{future::Future, pin::Pin};

/// A future that a trait object can return.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Carries one authorization out, for one account.
///
/// The broker calls it for one flight at a time, bounds it by
/// [`authorize_timeout`](crate::BrokerConfig::authorize_timeout), and reads a panic as the plugin's
/// fault. It must not retry: the lifecycle decides about that.
pub trait Authorizer: Send + Sync {
    /// Asks the carrier for a credential.
    ///
    /// # Errors
    /// When none was issued; the failure's class decides what happens next.
    fn authorize(&self, authorization: Authorization) -> BoxFuture<'_, Result<Issued, Failure>>;
}
