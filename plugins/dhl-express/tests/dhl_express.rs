//! DHL Express: the credential, the configuration, the manifest, the conformance suite, the stand-in.
#![cfg(test)]

use plugins_dhl_express::{DhlExpress, MANIFEST};
use plugins_testkit::{BasicCarrier, StandIn, basic_tests};
use serde_json::json;

const CARRIER: BasicCarrier = BasicCarrier {
    manifest: MANIFEST,
    package: env!("CARGO_PKG_NAME"),
    user: "API Key",
    password: "API Secret",
    numbers: ["123456789", "12345"],
};

basic_tests!(DhlExpress, CARRIER);

#[tokio::test]
async fn stand_in_accepts_the_credential_in_both_environments() {
    let table = plugins_sdk::static_plugin!(DhlExpress, manifest: MANIFEST);
    let world = StandIn::start(table, &json!({})).await;
    let issued = world.authorize().await.expect("a credential");
    for path in ["/mydhlapi/test/rates", "/mydhlapi/rates"] {
        let rates = async |account: &str| {
            let body = json!({"accounts": [{"typeCode": "shipper", "number": account}]});
            world
                .call(http::Method::POST, path, &issued.headers, &body)
                .await
                .status
                .as_u16()
        };
        assert_eq!(rates("123456789").await, 200);
        assert_eq!(rates("987654321").await, 400, "a foreign account number");
        world.mock.set_secret("client_secret", "changed");
        assert_eq!(rates("123456789").await, 401, "the password has changed");
        world.mock.set_secret("client_secret", "stand-in-secret");
    }
}
