//! Time in Transit.

use serde_json::json;

use crate::client::World;
use crate::spec::Spec;

#[tokio::test(flavor = "multi_thread")]
async fn transit_times_validate() {
    let Some(spec) = Spec::load("TimeInTransit") else {
        return;
    };
    let world = World::start().await;
    let path = "/api/shipments/v1/transittimes";
    for (from, to, postal) in [
        ("US", "US", "32821"),
        ("US", "DE", "10115"),
        ("DE", "FR", "75001"),
        ("CA", "CA", "H2X1Y4"),
        ("CA", "US", "10001"),
    ] {
        let body = json!({"originCountryCode": from, "originPostalCode": "27703",
            "destinationCountryCode": to, "destinationPostalCode": postal, "weight": 10.5,
            "weightUnitOfMeasure": "LBS", "shipmentContentsValue": "100",
            "shipmentContentsCurrencyCode": "USD", "billType": "03"});
        let answer = world.call("POST", path, &body.to_string());
        assert_eq!(answer.status, 200, "{}", answer.body);
        spec.check("TimeInTransitResponse", &answer.json());
        let head = answer.head.to_ascii_lowercase();
        assert!(head.contains("bkndtransid: t1"), "{head}");
    }
    let unclear = json!({"originCountryCode": "US", "originPostalCode": "27703",
        "destinationCountryCode": "US", "destinationPostalCode": "00001"});
    let answer = world.call("POST", path, &unclear.to_string());
    assert_eq!(answer.status, 206, "{}", answer.body);
    assert!(
        answer
            .head
            .to_ascii_lowercase()
            .contains("apierrorcode: 1070"),
        "{}",
        answer.head
    );
    spec.check("TimeInTransitResponse", &answer.json());

    let answer = world.call("POST", path, "{");
    assert_eq!((answer.status, answer.code().as_str()), (503, "10004"));
    spec.check("errorResponse", &answer.json());
}
