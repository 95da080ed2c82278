//! Purolator: the credential, the configuration, the manifest, the conformance suite, the stand-in.
#![cfg(test)]

use plugins_purolator::{MANIFEST, Purolator};
use plugins_testkit::{BasicCarrier, StandIn, basic_tests};
use serde_json::json;

const CARRIER: BasicCarrier = BasicCarrier {
    manifest: MANIFEST,
    package: env!("CARGO_PKG_NAME"),
    user: "Purolator: Key",
    password: "Key Password",
    numbers: ["9999999999", "A1B2C3"],
};

basic_tests!(Purolator, CARRIER);

#[tokio::test]
async fn stand_in_accepts_the_credential_and_the_soap_header_stays_the_apps() {
    let table = plugins_sdk::static_plugin!(Purolator, manifest: MANIFEST);
    let world = StandIn::start(table, &json!({})).await;
    let issued = world.authorize().await.expect("a credential");
    let path = "/EWS/V2/Estimating/EstimatingService.asmx";
    let estimate = async || {
        let body = json!("stands for an envelope");
        world
            .call(http::Method::POST, path, &issued.headers, &body)
            .await
            .status
            .as_u16()
    };
    assert_eq!(estimate().await, 200);
    world.mock.set_secret("client_secret", "changed");
    assert_eq!(estimate().await, 401, "the key has changed");
}
