//! A complete UPS authorization through the ABI, with the plugin linked in and the answer at hand.

use super::case::Case;
use crate::now;
use bytes::Bytes;
use gateway_http_client::{HttpClient, HttpError, HttpRequest, HttpResponse};
use gateway_model::{Clock, Secret, SecretBytes};
use gateway_plugin_host::{
    Authorization, AuthorizationReason, ConsentRequest, Host, Instance, InstanceOptions, Plugin,
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use std::{
    future::{Future, ready},
    pin::Pin,
    sync::Arc,
    time::{Instant, SystemTime},
};

pub(super) struct BenchClock;

impl Clock for BenchClock {
    fn now(&self) -> Instant {
        now()
    }

    fn wall(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH
    }
}

/// Answers every token request with the same token.
struct Scripted(Bytes);

impl HttpClient for Scripted {
    fn send(
        &self,
        _: HttpRequest,
    ) -> Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + '_>> {
        let json = HeaderValue::from_static("application/json");
        Box::pin(ready(Ok(HttpResponse {
            status: StatusCode::OK,
            headers: HeaderMap::from_iter([(header::CONTENT_TYPE, json)]),
            body: self.0.clone(),
        })))
    }
}

fn instance(grant: &str) -> Instance {
    let table = plugins_sdk::static_plugin!(plugins_ups::Ups, manifest: plugins_ups::MANIFEST);
    let host = Host::new(Arc::new(BenchClock));
    let plugin = Plugin::from_static(table, &host).expect("the UPS plugin passes the handshake");
    let config = serde_json::json!({"environment": "test", "origin": "https://wwwcie.ups.com",
        "client_id": "client", "client_secret": "secret", "grant": grant});
    plugin
        .instance(InstanceOptions::new(config))
        .expect("a valid configuration")
}

pub(super) fn ups() -> Case {
    let instance = instance("client_credentials");
    let answer = serde_json::json!({"token_type": "Bearer", "issued_at": "1700000000000",
        "client_id": "client", "access_token": "t".repeat(1_500), "expires_in": "14399",
        "status": "approved"});
    let carrier = Scripted(Bytes::from(answer.to_string()));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    Case {
        name: "UPS authorization through the ABI",
        run: Box::new(move || {
            let authorization = Authorization {
                reason: AuthorizationReason::Fetch,
                slot: String::new(),
                state: SecretBytes::default(),
                params: Vec::new(),
            };
            let issued = runtime.block_on(instance.authorize(authorization, &carrier));
            assert_eq!(issued.expect("a credential").headers.len(), 1);
        }),
    }
}

/// The shortest call there is: the page where a person consents, which takes no answer of the carrier.
pub(super) fn one_call() -> Case {
    let instance = instance("authorization_code");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    Case {
        name: "one call of the plugin",
        run: Box::new(move || {
            let request = ConsentRequest {
                slot: String::new(),
                redirect_uri: "https://gateway.internal/callback".to_owned(),
                state: Secret::new("s".repeat(43)),
                pkce_challenge: "c".repeat(43),
            };
            let url = runtime.block_on(instance.authorize_url(&request));
            url.expect("the plugin knows where people consent");
        }),
    }
}
