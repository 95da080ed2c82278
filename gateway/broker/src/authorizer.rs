//! How a token is asked for.

use crate::wire::{Recording, Replaying, Wire};
use gateway_http_client::HttpClient;
use gateway_model::Failure;
use gateway_plugin_host::{Authorization, Instance, Issued};
use std::{fmt, future::Future, pin::Pin, sync::Arc};

/// A future that a trait object can return.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Carries one authorization out, for one account.
///
/// The broker calls it for one flight at a time, bounds it by
/// [`authorize_timeout`](crate::BrokerConfig::authorize_timeout), and reads a panic as the plugin's
/// fault. It must not retry: the lifecycle decides about that.
pub trait Authorizer: Send + Sync {
    /// Whether the requests that its credentials go into are signed: then the signer wants each
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
        wire: Wire,
    ) -> BoxFuture<'_, Result<Issued, Failure>>;
}

/// Asks through a carrier's plugin.
pub struct PluginAuthorizer {
    instance: Arc<Instance>,
    http: Arc<dyn HttpClient>,
}

impl PluginAuthorizer {
    /// Joins a configured plugin with the client that makes its requests.
    pub const fn new(instance: Arc<Instance>, http: Arc<dyn HttpClient>) -> Self {
        Self { instance, http }
    }
}

impl Authorizer for PluginAuthorizer {
    fn signs(&self) -> bool {
        self.instance.signs().is_some()
    }

    fn authorize(
        &self,
        authorization: Authorization,
        wire: Wire,
    ) -> BoxFuture<'_, Result<Issued, Failure>> {
        Box::pin(async move {
            match wire {
                Wire::Plain => self.instance.authorize(authorization, &*self.http).await,
                Wire::Recorded(recorder) => {
                    let http = Recording {
                        http: &*self.http,
                        recorder: &recorder,
                    };
                    self.instance.authorize(authorization, &http).await
                }
                Wire::Replayed(answer) => {
                    let http = Replaying::new(&answer);
                    self.instance.authorize(authorization, &http).await
                }
            }
        })
    }
}

impl fmt::Debug for PluginAuthorizer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PluginAuthorizer({:?})", self.instance)
    }
}
