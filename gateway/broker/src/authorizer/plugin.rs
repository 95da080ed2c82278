//! Asks for a token through a carrier's plugin.

use super::{
    call_spans::Traced,
    contract::{Authorizer, BoxFuture},
    transport::{Recording, Replaying, Transport},
};
use gateway_http_client::HttpClient;
use gateway_model::Failure;
use gateway_plugin_host::{Authorization, Instance, Issued};
use std::{fmt, sync::Arc};

/// A configured plugin, and the client that makes its requests.
pub struct PluginAuthorizer {
    instance: Arc<Instance>,
    http: Arc<dyn HttpClient>,
}

impl PluginAuthorizer {
    /// Joins the two.
    pub const fn new(instance: Arc<Instance>, http: Arc<dyn HttpClient>) -> Self {
        Self { instance, http }
    }

    fn authorize_over<'a>(
        &'a self,
        authorization: Authorization,
        transport: Transport,
        http: &'a dyn HttpClient,
    ) -> BoxFuture<'a, Result<Issued, Failure>> {
        Box::pin(async move {
            match transport {
                Transport::Direct => self.instance.authorize(authorization, http).await,
                Transport::Recorded { may_send, recorder } => {
                    let http = Recording::new(http, &may_send, &recorder);
                    self.instance.authorize(authorization, &http).await
                }
                Transport::Replayed(response) => {
                    let http = Replaying::new(&response);
                    self.instance.authorize(authorization, &http).await
                }
                Transport::Traced(transport, spans) => {
                    let http = Traced::new(http, &spans);
                    self.authorize_over(authorization, *transport, &http).await
                }
            }
        })
    }
}

impl Authorizer for PluginAuthorizer {
    fn signs(&self) -> bool {
        self.instance.signs().is_some()
    }

    fn authorize(
        &self,
        authorization: Authorization,
        transport: Transport,
    ) -> BoxFuture<'_, Result<Issued, Failure>> {
        self.authorize_over(authorization, transport, &*self.http)
    }
}

impl fmt::Debug for PluginAuthorizer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PluginAuthorizer({:?})", self.instance)
    }
}
