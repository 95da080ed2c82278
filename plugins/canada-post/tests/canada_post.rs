//! Canada Post: the credential, the configuration, the manifest, the conformance suite, the stand-in.
#![cfg(test)]

use plugins_canada_post::{CanadaPost, MANIFEST};
use plugins_testkit::{BasicCarrier, StandIn, basic_tests};
use serde_json::{Value, json};

const CARRIER: BasicCarrier = BasicCarrier {
    manifest: MANIFEST,
    package: env!("CARGO_PKG_NAME"),
    user: "before the colon",
    password: "after the colon",
    numbers: ["1234567", "12345678901"],
};

basic_tests!(CanadaPost, CARRIER);

#[tokio::test]
async fn stand_in_accepts_the_credential_for_its_customer() {
    let table = plugins_sdk::static_plugin!(CanadaPost, manifest: MANIFEST);
    let world = StandIn::start(table, &json!({})).await;
    let issued = world.authorize().await.expect("a credential");
    let shipments = async |customer: &str| {
        let path = format!("/rs/{customer}/{customer}/shipment");
        world
            .call(http::Method::GET, &path, &issued.headers, &Value::Null)
            .await
    };
    assert_eq!(shipments("1234567").await.status, 200);
    let foreign = shipments("7654321").await;
    assert_eq!(foreign.status, 403);
    assert_eq!(
        plugins_testkit::CodePlaces::default().codes_in(&foreign),
        ["AA003"]
    );
    world.mock.set_secret("client_secret", "changed");
    assert_eq!(
        shipments("1234567").await.status,
        401,
        "the key has changed"
    );
}
