//! Joins the data plane to the plugins that sign requests.

use gateway_control::AccountSigner;
use gateway_model::Failure;
use gateway_plugin_host::SignRequest;
use gateway_proxy::{RequestToSign, Signer};
use http::{HeaderName, HeaderValue};
use std::sync::Arc;

/// One account's signer, as the data plane sees it.
#[derive(Debug)]
pub(super) struct PluginSigner(pub(super) Arc<AccountSigner>);

impl Signer for PluginSigner {
    fn needs_body(&self) -> bool {
        self.0.body().is_needed()
    }

    fn sign(&self, request: &RequestToSign<'_>) -> Result<Vec<(HeaderName, HeaderValue)>, Failure> {
        self.0.sign(&SignRequest {
            method: request.method,
            authority: request.authority,
            path_and_query: request.path_and_query,
            headers: request.headers,
            body: request.body,
            state: request.state,
        })
    }
}
