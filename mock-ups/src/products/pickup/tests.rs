//! Pickups.

use http::Method;
use serde_json::{Value, json};

use super::Pickup;
use crate::api::Product as _;
use crate::testing::Call;

fn create(day: &str) -> Call {
    let body = json!({"PickupCreationRequest": {
        "Shipper": {"Account": {"AccountNumber": "A1B2C3"}},
        "PickupDateInfo": {"PickupDate": day},
        "PickupPiece": {"ServiceCode": "003", "Quantity": 1}}});
    Call::post("/api/pickupcreation/v2409/pickup", &body)
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
