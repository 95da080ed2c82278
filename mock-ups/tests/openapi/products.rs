//! Track Alert, Landed Cost and Pre-Notification.

use serde_json::{Value, json};

use crate::client::World;
use crate::spec::Spec;

#[tokio::test(flavor = "multi_thread")]
async fn track_alert_answers_validate() {
    let Some(spec) = Spec::load("UPSTrackAlert") else {
        return;
    };
    let world = World::start().await;
    let path = "/api/track/v2/subscription/standard/package";
    let subscribe = |numbers: &[&str]| {
        let body = json!({"locale": "en_US", "trackingNumberList": numbers});
        world.call("POST", path, &body.to_string())
    };
    let answer = subscribe(&["1ZCIETST0111111114", "1Z$"]);
    assert_eq!(answer.status, 200, "{}", answer.body);
    spec.check("PackageSubscriptionSuccessResponse", &answer.json());
    let answer = subscribe(&["1Z$"]);
    assert_eq!((answer.status, answer.code().as_str()), (400, "VSS310"));
    let body = json!({"locale": "en_US", "shipperAccountNumber": "A1B2C3"});
    let path = "/api/track/v2/subscription/standard/account";
    let answer = world.call("POST", path, &body.to_string());
    spec.check("AccountSubscriptionResponse", &answer.json());
    let head = "shipper-account-number: A1B2C3\r\n";
    let answer = world.call_with("DELETE", path, head, "");
    spec.check("AccountUnsubscribeResponse", &answer.json());
}

#[tokio::test(flavor = "multi_thread")]
async fn landed_cost_answers_validate() {
    let Some(spec) = Spec::load("LandedCost") else {
        return;
    };
    let world = World::start().await;
    let item = json!({"commodityId": "1", "priceEach": "125", "hsCode": "400932", "quantity": 24,
        "UOM": "Each", "originCountryCode": "GB", "commodityCurrencyCode": "GBP"});
    let body = json!({"currencyCode": "GBP", "transID": "1", "alversion": 1, "shipment": {
        "id": "one", "importCountryCode": "GB", "exportCountryCode": "US", "shipmentItems": [item]}});
    let path = "/api/landedcost/v1/quotes";
    let answer = world.call("POST", path, &body.to_string());
    assert_eq!(answer.status, 200, "{}", answer.body);
    spec.check("LandedCostResponse", &answer.json());
    let answer = world.call("POST", path, "{}");
    assert_eq!(answer.status, 400);
    spec.check("ErrorResponse", &answer.json());
}

#[tokio::test(flavor = "multi_thread")]
async fn pre_notification_answers_validate() {
    let Some(spec) = Spec::load("PreNotification") else {
        return;
    };
    let world = World::start().await;
    let address = |state: &str, zip: &str| {
        json!({"AddressLine": ["1 Street"], "City": "Town", "StateProvinceCode": state,
            "PostalCode": zip, "CountryCode": "US"})
    };
    let weight = json!({"UnitOfMeasurement": {"Code": "LBS"}, "Weight": "5"});
    let shipment: Value = json!({"ShipmentRequest": {"Shipment": {
        "Shipper": {"Name": "A", "ShipperNumber": "A1B2C3", "Address": address("NC", "27703")},
        "ShipTo": {"Name": "B", "Address": address("FL", "32821")},
        "Service": {"Code": "03"}, "PaymentInformation": {"ShipmentCharge": {"Type": "01"}},
        "Package": {"PackageWeight": weight}}}});
    let shipped = world.call("POST", "/api/shipments/v2409/ship", &shipment.to_string());
    let shipped = shipped.json();
    let id = &shipped["ShipmentResponse"]["ShipmentResults"]["ShipmentIdentificationNumber"];
    let body = json!({"PreNotificationRequest": {"Request": {}, "Shipment": {
        "ShipperNumber": "A1B2C3", "ShipmentIdentificationNumber": id, "PickupDate": "20261130",
        "ShipToAddress": address("FL", "32821"), "ShipFromAddress": address("NC", "27703"),
        "Service": {"Code": "03"}, "RegulationSet": "49CFR", "Package": [{"TrackingNumber": id,
            "PackageWeight": weight, "ChemicalRecord": [{"CommodityRegulatedLevelCode": "LQ"}]}]}}});
    let path = "/api/dangerousgoods/v2/prenotification";
    let answer = world.call("POST", path, &body.to_string());
    assert_eq!(answer.status, 200, "{}", answer.body);
    spec.check("PRENOTIFICATIONResponseWrapper", &answer.json());
    let answer = world.call("POST", path, "{}");
    assert_eq!(answer.status, 400);
    spec.check("ErrorResponse", &answer.json());
}
