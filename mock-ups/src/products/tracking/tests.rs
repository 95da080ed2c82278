//! Lives of packages.

use std::sync::Arc;

use http::Method;
use serde_json::{Value, json};

use super::Tracking;
use crate::products::rating::Tariff;
use crate::products::shipping::Shipping;
use crate::products::shipping::store::Shipments;
use crate::testing::Call;

/// Ships one package by ground on Monday noon: two business days, so it arrives on Wednesday.
fn shipped() -> (Shipping, Tracking, String) {
    let shipments = Arc::<Shipments>::default();
    let tariff = Arc::new(Tariff::bundled("default").expect("bundled"));
    let shipping = Shipping::new(tariff, Arc::clone(&shipments), 1, Arc::default());
    let address = |state: &str, city: &str, zip: &str| {
        json!({"AddressLine": "1 Street", "City": city, "StateProvinceCode": state,
            "PostalCode": zip, "CountryCode": "US"})
    };
    let body = json!({"ShipmentRequest": {"Shipment": {
        "Shipper": {"Name": "Acme", "ShipperNumber": "A1B2C3",
            "Address": address("NC", "Durham", "27703")},
        "ShipTo": {"Name": "Jane", "Address": address("FL", "Orlando", "32821")},
        "Service": {"Code": "03"},
        "PaymentInformation": {"ShipmentCharge": {"Type": "01"}},
        "ReferenceNumber": {"Value": "order 7"},
        "Package": {"PackageWeight": {"UnitOfMeasurement": {"Code": "LBS"}, "Weight": "5"}},
    }}});
    let answer = Call::post("/api/shipments/v2409/ship", &body).json(&shipping);
    let id = &answer["ShipmentResponse"]["ShipmentResults"]["ShipmentIdentificationNumber"];
    let id = id.as_str().expect("an id").to_owned();
    (shipping, Tracking::new(shipments, Arc::default()), id)
}

fn details(number: &str) -> Call {
    Call::get(&format!("/api/track/v1/details/{number}"))
}

fn package(answer: &Value) -> &Value {
    &answer["trackResponse"]["shipment"][0]["package"][0]
}

#[test]
fn package_moves_with_the_clock_from_label_to_delivery() {
    let (_, tracking, id) = shipped();
    for (now, kind, code, scans) in [
        ("2024-03-04T12:00:00Z", "M", "003", 1),
        // Hours are local, five behind Greenwich on both sides.
        ("2024-03-05T01:29:59Z", "M", "003", 1),
        ("2024-03-05T01:30:00Z", "I", "005", 2),
        ("2024-03-05T12:00:00Z", "I", "005", 3),
        ("2024-03-06T10:30:00Z", "I", "005", 5),
        ("2024-03-06T13:05:00Z", "I", "021", 6),
        ("2024-03-06T23:00:00Z", "D", "011", 7),
        ("2024-06-30T00:00:00Z", "D", "011", 7),
    ] {
        let answer = details(&id).at(now).json(&tracking);
        let package = package(&answer);
        assert_eq!(package["currentStatus"]["type"], kind, "{now}");
        assert_eq!(package["currentStatus"]["statusCode"], code, "{now}");
        let activity = package["activity"].as_array().expect("a list");
        assert_eq!(activity.len(), scans, "{now}");
        let when = |scan: &Value| format!("{}{}", scan["date"], scan["time"]);
        assert!(
            activity
                .windows(2)
                .all(|pair| when(&pair[0]) >= when(&pair[1])),
            "{now}"
        );
        let promised = if kind == "D" { "DEL" } else { "SDD" };
        assert_eq!(
            package["deliveryDate"][0],
            json!({"type": promised, "date": "20240306"})
        );
    }
}

#[test]
fn voided_package_stops_moving() {
    let (shipping, tracking, id) = shipped();
    let path = format!("/api/shipments/v2409/void/cancel/{id}");
    Call::new(Method::DELETE, &path)
        .at("2024-03-05T02:00:00Z")
        .json(&shipping);
    let answer = details(&id).at("2024-03-09T12:00:00Z").json(&tracking);
    assert_eq!(package(&answer)["currentStatus"]["type"], "MV");
    assert_eq!(
        package(&answer)["activity"]
            .as_array()
            .expect("a list")
            .len(),
        3
    );
}

#[test]
fn unknown_number_is_a_success_with_a_warning() {
    let (_, tracking, _) = shipped();
    for number in ["1Z999AA10123456784", "7777777"] {
        let answer = details(number).json(&tracking);
        let warning = &answer["trackResponse"]["shipment"][0]["warnings"][0];
        assert_eq!(warning["code"], "TW0001", "{number}");
        assert_eq!(warning["message"], "Tracking Information Not Found");
    }
}

#[test]
fn documented_samples_live_in_the_test_environment_only() {
    let (_, tracking, _) = shipped();
    let call = || details("1z12345e6605272234");
    assert!(package(&call().json(&tracking)).is_object());
    assert!(package(&call().in_production().json(&tracking)).is_null());
}

#[test]
fn reference_finds_the_shipment_of_its_shipper_and_dates() {
    let (_, tracking, id) = shipped();
    let found = |query: &str| {
        let path = format!("/api/track/v1/reference/details/order%207{query}");
        let answer = Call::get(&path).json(&tracking);
        package(&answer)["trackingNumber"] == id.as_str()
    };
    assert!(found(""));
    assert!(found(
        "?shipperNum=A1B2C3&fromPickUpDate=20240301&toPickUpDate=20240305"
    ));
    assert!(!found("?shipperNum=D4E5F6"));
    assert!(!found("?fromPickUpDate=20240305"));
}

#[test]
fn both_transaction_headers_are_needed() {
    let (_, tracking, id) = shipped();
    for header in ["transid", "transactionsrc"] {
        assert_eq!(details(&id).header(header, "").refusal(&tracking).0, 400);
    }
}

#[test]
fn numbers_have_seven_to_thirty_four_letters_and_digits() {
    let (_, tracking, _) = shipped();
    for number in ["x", "", "1Z%20%2F%22", &"1".repeat(35)] {
        assert_eq!(
            details(number).refusal(&tracking),
            (400, "TV1002".to_owned()),
            "{number}"
        );
    }
}

#[test]
fn scans_have_the_time_and_offset_of_their_place() {
    let (_, tracking, id) = shipped();
    let answer = details(&id).at("2024-03-07T00:00:00Z").json(&tracking);
    let scan = package(&answer)["activity"].as_array().expect("a list")[5].clone();
    assert_eq!(scan["status"]["code"], "OR");
    assert_eq!(
        (&scan["date"], &scan["time"]),
        (&json!("20240304"), &json!("203000"))
    );
    assert_eq!(
        (&scan["gmtDate"], &scan["gmtTime"]),
        (&json!("20240305"), &json!("01:30:00"))
    );
    assert_eq!(scan["gmtOffset"], "-05:00");
}

#[test]
fn numbers_are_forgotten_after_120_days() {
    let (_, tracking, id) = shipped();
    let answer = details(&id).at("2024-07-05T00:00:00Z").json(&tracking);
    assert!(package(&answer).is_null());
}

#[test]
fn unknown_path_is_answered_without_the_envelope() {
    let (_, tracking, id) = shipped();
    let path = format!("/api/track/v2409/details/{id}");
    let answer = Call::get(&path).send(&tracking).expect("tracking's path");
    assert_eq!(answer.status, 404);
    let body: Value = serde_json::from_slice(&answer.body).expect("JSON");
    assert_eq!(
        (&body["status"], &body["path"]),
        (&json!(404), &json!(path))
    );
}
