//! Signing one request through the ABI: the way there and back alone, and with a real signature.

use super::{authorization::BenchClock, case::Case};
use bytes::Bytes;
use gateway_model::SignRequest;
use gateway_plugin_host::{Host, Instance, InstanceOptions, Plugin};
use http::{HeaderMap, HeaderValue, Method, header};
use plugins_sdk::{CarrierAuth, Context, Credential, Result, SignOut};
use std::{hint::black_box, sync::Arc};

/// As long as a Shop request.
const BODY_BYTES: usize = 2_048;

const MANIFEST: &str = plugins_sdk::manifest!(
    r#"{"name":"empty","carrier":{"id":"empty"},"capabilities":["token","sign"]}"#
);

/// Signs by doing nothing.
struct Empty;

impl CarrierAuth for Empty {
    type Config = serde_json::Value;
    const SIGNS: bool = true;

    fn new(_: serde_json::Value) -> Result<Self> {
        Ok(Self)
    }

    async fn authorize(&self, _: &Context) -> Result<Credential> {
        Credential::bearer("token")
    }

    fn sign(&self, request: &plugins_sdk::SignRequest<'_>, _: &mut SignOut<'_>) -> Result<()> {
        black_box(request.path_and_query);
        Ok(())
    }
}

fn instance(table: &'static plugins_sdk::abi::Plugin) -> Instance {
    let host = Host::new(Arc::new(BenchClock));
    let plugin = Plugin::from_static(table, &host).expect("the plugin passes the handshake");
    let config = serde_json::json!({"environment": "test", "client_id": "client",
        "client_secret": "0123456789abcdef0123456789abcdef"});
    plugin
        .instance(InstanceOptions::new(config))
        .expect("a valid configuration")
}

fn case(name: &'static str, instance: Instance, fields: usize) -> Case {
    let mut headers = HeaderMap::new();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    let body = [Bytes::from(vec![b'a'; BODY_BYTES])];
    Case {
        name: name.to_owned(),
        run: Box::new(move || {
            let signed = instance.sign(black_box(&SignRequest {
                method: &Method::POST,
                authority: "api.acme.example",
                path_and_query: "/api/rating/v2409/Shop?additionalinfo=timeintransit",
                headers: &headers,
                body: &body,
                state: b"0123456789abcdef01234567",
            }));
            assert_eq!(signed.expect("a signature").len(), fields);
        }),
    }
}

pub(super) fn empty() -> Case {
    let table = plugins_sdk::static_plugin!(Empty, manifest: MANIFEST);
    case("sign, an empty signer", instance(table), 0)
}

pub(super) fn hmac() -> Case {
    let table =
        plugins_sdk::static_plugin!(examples_signer::Acme, manifest: examples_signer::MANIFEST);
    let name = "sign, HMAC-SHA256 of a 2 KB request";
    case(name, instance(table), 2)
}
