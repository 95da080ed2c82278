//! Pickups.

use http::Method;
use serde_json::{Value, json};

use super::Pickup;
use crate::api::Product as _;
use crate::testing::Call;

fn create(day: &str) -> Call {
    Call::post(CREATE, &body(day))
}

const CREATE: &str = "/api/pickupcreation/v2409/pickup";

fn body(day: &str) -> Value {
    json!({"PickupCreationRequest": {
        "Shipper": {"Account": {"AccountNumber": "A1B2C3"}},
        "PickupDateInfo": {"PickupDate": day, "ReadyTime": "1000", "CloseTime": "1700"},
        "PickupAddress": {"CompanyName": "Shop", "ContactName": "Jane", "AddressLine": "1 Main Street",
            "City": "New York", "StateProvince": "NY", "PostalCode": "10001", "CountryCode": "US",
            "Phone": {"Number": "2125550100"}},
        "PickupPiece": {"ServiceCode": "003", "Quantity": 1}}})
}

fn pending() -> Call {
    Call::get("/api/shipments/v2409/pickup/oncall").header("accountnumber", "A1B2C3")
}

fn number(answer: &Value) -> String {
    let number = &answer["PickupCreationResponse"]["PRN"];
    number.as_str().expect("a number").to_owned()
}

fn cancel(number: &str) -> Call {
    Call::new(Method::DELETE, "/api/shipments/v2409/pickup/02").header("prn", number)
}

#[test]
fn created_pickup_is_pending_until_it_is_cancelled() {
    let pickup = Pickup::new(1);
    assert_eq!(pending().refusal(&pickup).0, 400);
    let first = number(&create("20240305").json(&pickup));
    let second = number(&create("20240306").json(&pickup));
    assert_eq!(first.len(), 11);
    assert_ne!(first, second);
    let listed = |expected: &[&str]| {
        let answer = pending().json(&pickup);
        let list = answer["PickupPendingStatusResponse"]["PendingStatus"].clone();
        let list = list.as_array().expect("a list").clone();
        let numbers: Vec<_> = list
            .iter()
            .filter_map(|entry| entry["PRN"].as_str())
            .collect();
        assert_eq!(numbers, expected);
    };
    listed(&[&first, &second]);
    cancel(&first).json(&pickup);
    listed(&[&second]);
    assert_eq!(cancel(&first).refusal(&pickup).0, 400);
    assert_eq!(cancel("29FFFFFE123").refusal(&pickup).0, 400);
    pickup.reset();
    assert_eq!(pending().refusal(&pickup).0, 400);
}

#[test]
fn pickup_needs_a_business_day_that_is_not_past() {
    let pickup = Pickup::new(1);
    let code = |day: &str| create(day).refusal(&pickup).1;
    assert_eq!(code("20240301"), "9510102");
    assert_eq!(code("20240309"), "9510103");
    assert_eq!(code("9 March"), "9510101");
    create("20240304").json(&pickup);
}

#[test]
fn pickup_is_refused_for_what_the_file_does_not_allow() {
    let pickup = Pickup::new(1);
    for (pointer, value, code) in [
        ("/PickupDateInfo/ReadyTime", json!("2460"), "9510104"),
        ("/PickupDateInfo/CloseTime", json!("0900"), "9510105"),
        ("/PickupDateInfo/CloseTime", json!(null), "9510105"),
        ("/PickupAddress", json!({}), "9510106"),
        (
            "/PickupAddress/CompanyName",
            json!("x".repeat(28)),
            "9510107",
        ),
        ("/PickupAddress/CountryCode", json!("XX"), "9510112"),
        ("/PickupAddress/Phone/Number", json!(""), "9510113"),
        ("/PickupPiece", json!([]), "9510114"),
        ("/PickupPiece/Quantity", json!("some"), "9510126"),
        ("/Shipper/Account/AccountNumber", json!("X9Y8Z7"), "9510121"),
    ] {
        let mut body = body("20240305");
        let member = body.pointer_mut(&format!("/PickupCreationRequest{pointer}"));
        *member.expect("it is there") = value;
        let refused = Call::post(CREATE, &body).refusal(&pickup).1;
        assert_eq!(refused, code, "{pointer}");
    }
    let foreign = Call::get("/api/shipments/v2409/pickup/oncall").header("accountnumber", "X9Y8Z7");
    assert_eq!(foreign.refusal(&pickup).1, "9510121");
}

#[test]
fn smart_pickups_are_new_once_a_day_and_go_to_the_next_business_day_after_noon() {
    let product = Pickup::new(1);
    let path = CREATE;
    let body = |option: &str| {
        json!({"PickupTriggerGWNRequest": {"Request": {}, "AccountNumber": "A1B2C3",
            "ServiceDateOption": option}})
    };
    let trigger = |option: &str, at: &str| {
        let answer = Call::post(path, &body(option)).at(at).json(&product);
        answer["PickupTriggerGWNResponse"].clone()
    };
    let first = trigger("01", "2024-03-04T09:00:00Z");
    assert_eq!(first["ServiceDate"], "20240304");
    assert_eq!(first["TriggerStatus"]["Description"], "NEW");
    let again = trigger("01", "2024-03-04T10:00:00Z");
    assert_eq!(
        (&again["PRN"], &again["TriggerStatus"]["Code"]),
        (&first["PRN"], &json!("02"))
    );
    let late = trigger("01", "2024-03-04T13:00:00Z");
    assert_eq!(late["ServiceDate"], "20240305");
    assert_eq!(late["NextBusinessDayIndicator"], "Y");
    let friday = trigger("02", "2024-03-08T09:00:00Z");
    assert_eq!(friday["ServiceDate"], "20240311");
    let pending = Call::get("/api/shipments/v2409/pickup/smart").header("accountnumber", "A1B2C3");
    let pending = pending.json(&product);
    let pending = &pending["PickupPendingStatusResponse"]["PendingStatus"];
    assert_eq!(pending.as_array().map(Vec::len), Some(3));
    for (pointer, value, code) in [
        ("/AccountNumber", json!("A1B2C3D"), "9510117"),
        ("/AccountNumber", json!("X9Y8Z7"), "9510121"),
        ("/ServiceDateOption", json!("03"), "9510123"),
    ] {
        let mut body = body("01");
        let pointer = format!("/PickupTriggerGWNRequest{pointer}");
        *body.pointer_mut(&pointer).expect("it is there") = value;
        assert_eq!(
            Call::post(path, &body).refusal(&product).1,
            code,
            "{pointer}"
        );
    }
}
