//! Notifications of shipments.

use std::sync::Arc;

use http::Method;
use serde_json::{Value, json};

use super::PreNotification;
use crate::products::rating::Tariff;
use crate::products::shipping::Shipping;
use crate::products::shipping::store::Shipments;
use crate::testing::Call;

const PATH: &str = "/api/dangerousgoods/v2/prenotification";

/// A shipment of two packages; gives their numbers.
fn shipped() -> (Shipping, PreNotification, [String; 2]) {
    let shipments = Arc::<Shipments>::default();
    let tariff = Arc::new(Tariff::bundled("default").expect("bundled"));
    let shipping = Shipping::new(tariff, Arc::clone(&shipments), 1, Arc::default());
    let address = |state: &str, city: &str, zip: &str| {
        json!({"AddressLine": "1 Street", "City": city, "StateProvinceCode": state,
            "PostalCode": zip, "CountryCode": "US"})
    };
    let package = json!({"PackageWeight": {"UnitOfMeasurement": {"Code": "LBS"}, "Weight": "5"}});
    let body = json!({"ShipmentRequest": {"Shipment": {
        "Shipper": {"Name": "Acme", "ShipperNumber": "A1B2C3",
            "Address": address("NC", "Durham", "27703")},
        "ShipTo": {"Name": "Jane", "Address": address("FL", "Orlando", "32821")},
        "Service": {"Code": "03"},
        "PaymentInformation": {"ShipmentCharge": {"Type": "01"}},
        "Package": [package, package],
    }}});
    let answer = Call::post("/api/shipments/v2409/ship", &body).json(&shipping);
    let results = &answer["ShipmentResponse"]["ShipmentResults"]["PackageResults"];
    let number = |index: usize| {
        let number = results[index]["TrackingNumber"].as_str();
        number.expect("a number").to_owned()
    };
    let numbers = [number(0), number(1)];
    (
        shipping,
        PreNotification::new(shipments, Arc::default()),
        numbers,
    )
}

fn notification(id: &str, package: &str) -> Value {
    let address = json!({"AddressLine": ["1 Street"], "CountryCode": "US"});
    json!({"PreNotificationRequest": {
        "Request": {"TransactionReference": {"CustomerContext": "mine"}},
        "Shipment": {
            "ShipperNumber": "A1B2C3", "ShipmentIdentificationNumber": id,
            "ShipToAddress": address, "ShipFromAddress": address, "PickupDate": "20240304",
            "Service": {"Code": "03"}, "RegulationSet": "49CFR",
            "Package": [{
                "TrackingNumber": package,
                "PackageWeight": {"UnitOfMeasurement": {"Code": "LBS"}, "Weight": "5"},
                "ChemicalRecord": [{"CommodityRegulatedLevelCode": "LQ", "IDNumber": "UN1950"}],
            }],
        },
    }})
}

#[test]
fn shipments_of_the_shipper_can_be_notified() {
    let (_, product, [first, second]) = shipped();
    let answer = Call::post(PATH, &notification(&first, &second)).json(&product);
    let response = &answer["PreNotificationResponse"]["Response"];
    assert_eq!(response["ResponseStatus"]["Code"], "1");
    assert_eq!(response["TransactionReference"]["CustomerContext"], "mine");
}

#[test]
fn each_mistake_has_its_code() {
    let (shipping, product, [first, second]) = shipped();
    let code = |body: &Value| Call::post(PATH, body).refusal(&product).1;
    let change = |pointer: &str, value: Value| {
        let mut body = notification(&first, &second);
        let pointer = format!("/PreNotificationRequest/Shipment{pointer}");
        *body.pointer_mut(&pointer).expect("it is there") = value;
        code(&body)
    };
    for (expected, pointer, value) in [
        ("9600001", "/RegulationSet", json!("")),
        ("9600007", "/RegulationSet", json!("MARS")),
        ("9600001", "/Package", json!([])),
        ("9600001", "/Package/0/ChemicalRecord", json!([])),
        ("9600001", "/Package/0/PackageWeight/Weight", json!("")),
        ("9600001", "/PickupDate", json!(null)),
        (
            "9600008",
            "/Package/0/ChemicalRecord/0/IDNumber",
            json!("UN19500"),
        ),
        ("9600002", "/ShipmentIdentificationNumber", json!(second)),
        ("9600003", "/ShipperNumber", json!("D4E5F6")),
        ("9600004", "/ShipperNumber", json!("X9Y8Z7")),
        (
            "9600005",
            "/Package/0/TrackingNumber",
            json!("1Z999AA10123456784"),
        ),
    ] {
        assert_eq!(change(pointer, value), expected, "{pointer}");
    }
    assert_eq!(code(&json!({"PreNotificationRequest": ""})), "9600001");
    assert_eq!(
        code(&notification("1Z999AA10123456784", &second)),
        "9600002"
    );
    let void = format!("/api/shipments/v2409/void/cancel/{first}?trackingnumber={second}");
    Call::new(Method::DELETE, &void).json(&shipping);
    assert_eq!(code(&notification(&first, &second)), "9600006");
    let late = Call::post(PATH, &notification(&first, &first)).at("2024-07-05T12:00:00Z");
    assert_eq!(late.refusal(&product).1, "9600002");
    let version = Call::post("/api/dangerousgoods/v3/prenotification", &json!({}));
    assert_eq!(version.refusal(&product).1, "20002");
}
