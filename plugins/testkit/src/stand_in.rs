//! A plugin in front of its carrier's stand-in, driven by the real plugin host and the real HTTP client.

use crate::clock::RealClock;
use bytes::Bytes;
use gateway_http_client::{HttpClient as _, HttpRequest, HttpResponse, HyperClient};
use gateway_model::{Failure, SecretBytes};
use gateway_plugin_host::{
    Authorization, AuthorizationReason, Host, Instance, InstanceOptions, Issued, Plugin,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use mock_carrier::{Fault, MockCarrier};
use plugins_sdk::abi;
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};

/// A carrier's stand-in with a configured plugin before it.
pub struct StandIn {
    /// The carrier.
    pub mock: MockCarrier,
    instance: Instance,
    http: HyperClient,
}

impl StandIn {
    /// Starts the stand-in of the plugin's carrier. The configuration has the stand-in's origin, client id and
    /// secret; `more` has further keys.
    ///
    /// # Panics
    /// When the plugin refuses the configuration.
    pub async fn start(table: &'static abi::Plugin, more: &Value) -> Self {
        let host = Host::new(Arc::new(RealClock));
        let plugin = Plugin::from_static(table, &host).expect("a handshake");
        let name = plugin.manifest().carrier.as_str().to_owned();
        let carrier = mock_carrier::carrier(&name).expect("a table of the carrier");
        let mock = MockCarrier::start(carrier).await.expect("a free port");
        let mut config = json!({
            "environment": "test",
            "origin": mock.base_url(),
            "grant": "client_credentials",
            "client_id": "stand-in-client",
            "client_secret": "stand-in-secret",
            "account_number": carrier.account,
        });
        for (key, value) in more.as_object().into_iter().flatten() {
            config[key] = value.clone();
        }
        let options = InstanceOptions {
            origin: Some(mock.base_url().parse().expect("an origin")),
            danger_plaintext: true,
            ..InstanceOptions::new(config)
        };
        Self {
            instance: plugin.instance(options).expect("an instance"),
            http: HyperClient::with_roots(rustls::RootCertStore::empty()).expect("a client"),
            mock,
        }
    }

    /// Obtains a credential.
    ///
    /// # Errors
    /// With the plugin's failure.
    pub async fn authorize(&self) -> Result<Issued, Failure> {
        self.authorize_with(AuthorizationReason::Fetch, SecretBytes::default())
            .await
    }

    /// Obtains a credential for that reason, with the state of an earlier one.
    ///
    /// # Errors
    /// With the plugin's failure.
    pub async fn authorize_with(
        &self,
        reason: AuthorizationReason,
        state: SecretBytes,
    ) -> Result<Issued, Failure> {
        let authorization = Authorization {
            reason,
            slot: String::new(),
            state,
            params: Vec::new(),
        };
        self.instance.authorize(authorization, &self.http).await
    }

    /// Disturbs the token endpoint, and obtains no credential; then the endpoint is well again.
    ///
    /// # Panics
    /// When one of the faults is taken for a token.
    pub async fn gives_no_token(&self, faults: impl IntoIterator<Item = Fault>) {
        for fault in faults {
            self.mock.set_fault("token", Some(fault));
            assert!(self.authorize().await.is_err(), "{fault:?}");
        }
        self.mock.set_fault("token", None);
    }

    /// Calls the carrier's API with the credential's fields.
    ///
    /// # Panics
    /// When no answer came.
    pub async fn call(
        &self,
        method: Method,
        path: &str,
        credential: &[(HeaderName, HeaderValue)],
        body: &Value,
    ) -> HttpResponse {
        let mut headers: HeaderMap = credential.iter().cloned().collect();
        let json = HeaderValue::from_static("application/json");
        headers.insert(http::header::CONTENT_TYPE, json);
        let request = HttpRequest {
            method,
            url: format!("{}{path}", self.mock.base_url()),
            headers,
            body: if body.is_null() {
                Bytes::new()
            } else {
                Bytes::from(body.to_string())
            },
            timeout: Duration::from_secs(10),
            max_response: 1 << 20,
        };
        self.http.send(request).await.expect("an answer")
    }
}
