//! Subscriptions and the events that come of them.

use std::sync::Arc;

use http::Method;
use serde_json::{Value, json};

use super::TrackAlert;
use super::alerts::{Alert, Alerts};
use crate::api::Product as _;
use crate::products::rating::Tariff;
use crate::products::shipping::Shipping;
use crate::products::shipping::store::Shipments;
use crate::testing::Call;

const PACKAGE: &str = "/api/track/v2/subscription/standard/package";
const ENHANCED: &str = "/api/track/v2/subscription/enhanced/package";
const ACCOUNT: &str = "/api/track/v2/subscription/standard/account";

struct Parts {
    shipping: Shipping,
    product: TrackAlert,
    alerts: Arc<Alerts>,
}

fn parts() -> Parts {
    let shipments = Arc::<Shipments>::default();
    let tariff = Arc::new(Tariff::bundled("default").expect("bundled"));
    let alerts = Arc::new(Alerts::new(Arc::clone(&shipments)));
    Parts {
        shipping: Shipping::new(tariff, shipments, 1, Arc::default()),
        product: TrackAlert::new(Arc::clone(&alerts)),
        alerts,
    }
}

impl Parts {
    /// Ships a package by ground on Monday noon, Greenwich; it arrives on Wednesday.
    fn ship(&self) -> String {
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
            "Package": {"PackageWeight": {"UnitOfMeasurement": {"Code": "LBS"}, "Weight": "5"}},
        }}});
        let answer = Call::post("/api/shipments/v2409/ship", &body).json(&self.shipping);
        let id = &answer["ShipmentResponse"]["ShipmentResults"]["ShipmentIdentificationNumber"];
        id.as_str().expect("an id").to_owned()
    }

    fn due(&self, now: &str) -> Vec<Value> {
        let due = self.alerts.due(now.parse().expect("a time"));
        let read = |alert: &Alert| serde_json::from_str(&alert.body).expect("JSON");
        due.iter().map(read).collect()
    }
}

fn codes(events: &[Value]) -> Vec<&str> {
    let codes = events
        .iter()
        .map(|event| event["activityStatus"]["code"].as_str());
    codes.map(|code| code.expect("a code")).collect()
}

fn wanted(numbers: &[&str]) -> Value {
    json!({"locale": "en_US", "countryCode": "US", "trackingNumberList": numbers})
}

#[test]
fn events_come_once_as_the_clock_moves_and_none_from_before() {
    let parts = parts();
    let id = parts.ship();
    let answer = Call::post(PACKAGE, &wanted(&[&id, "1Z1234567$8"])).json(&parts.product);
    assert_eq!(answer["validTrackingNumbers"], json!([id]));
    assert_eq!(answer["invalidTrackingNumbers"], json!(["1Z1234567$8"]));

    assert!(
        parts.due("2024-03-04T12:00:00Z").is_empty(),
        "the label was made before"
    );
    let events = parts.due("2024-03-05T01:30:00Z");
    assert_eq!(codes(&events), ["OR"]);
    assert_eq!(events[0]["trackingNumber"], id);
    assert_eq!(events[0]["localActivityTime"], "203000");
    assert_eq!(events[0]["gmtActivityTime"], "013000");
    assert_eq!(events[0]["gmtOffset"], "-05.00");
    assert!(parts.due("2024-03-05T01:30:00Z").is_empty());
    let events = parts.due("2024-03-07T00:00:00Z");
    assert_eq!(codes(&events), ["DP", "AR", "DS", "OT", "FS"]);
    let delivered = events.last().expect("the last");
    assert_eq!(delivered["actualDeliveryDate"], "20240306");
    assert_eq!(delivered["activityLocation"]["postalCode"], "32821");
    assert!(delivered.get("receivedBy").is_none());
}

#[test]
fn events_of_the_moment_of_the_last_look_are_sent_while_the_clock_stands_still() {
    let parts = parts();
    let id = parts.ship();
    Call::post(PACKAGE, &wanted(&[&id])).json(&parts.product);
    let now = "2024-03-04T12:00:00Z";
    assert!(parts.due(now).is_empty());
    let void = format!("/api/shipments/v2409/void/cancel/{id}");
    Call::new(Method::DELETE, &void).json(&parts.shipping);
    assert_eq!(codes(&parts.due(now)), ["VP"]);
    assert!(parts.due(now).is_empty());

    let account = json!({"locale": "en_US", "shipperAccountNumber": "A1B2C3"});
    Call::post(ACCOUNT, &account).json(&parts.product);
    assert!(parts.due(now).is_empty(), "it was shipped before");
    parts.ship();
    assert_eq!(codes(&parts.due(now)), ["MP"]);
    assert!(parts.due(now).is_empty());
}

#[test]
fn enhanced_subscriptions_choose_and_see_more() {
    let parts = parts();
    let id = parts.ship();
    let mut body = wanted(&[&id]);
    body["eventPreferences"] = json!(["D"]);
    Call::post(ENHANCED, &body).json(&parts.product);
    let events = parts.due("2024-03-07T00:00:00Z");
    assert_eq!(codes(&events), ["FS"]);
    assert!(events[0]["receivedBy"].is_string() && events[0]["deliveryPhoto"].is_string());
}

#[test]
fn subscriptions_end_after_fourteen_days() {
    let parts = parts();
    let id = parts.ship();
    let early = Call::post(PACKAGE, &wanted(&[&id])).at("2024-02-20T13:00:00Z");
    early.json(&parts.product);
    let events = parts.due("2024-03-07T00:00:00Z");
    assert_eq!(
        codes(&events),
        ["MP", "OR", "DP"],
        "until the fifth, one in the afternoon"
    );
    assert!(parts.alerts.list().is_empty());
}

#[test]
fn void_after_the_subscription_is_an_event() {
    let parts = parts();
    let id = parts.ship();
    Call::post(PACKAGE, &wanted(&[&id])).json(&parts.product);
    assert!(parts.due("2024-03-04T13:00:00Z").is_empty());
    let path = format!("/api/shipments/v2409/void/cancel/{id}");
    let void = Call::new(Method::DELETE, &path).at("2024-03-04T14:00:00Z");
    void.json(&parts.shipping);
    assert_eq!(codes(&parts.due("2024-03-09T00:00:00Z")), ["VP"]);
}

#[test]
fn test_numbers_send_an_event_at_once() {
    let parts = parts();
    let numbers = ["1ZCIETST0111111114", "1ZCIETST0422222228"];
    Call::post(PACKAGE, &wanted(&numbers)).json(&parts.product);
    let events = parts.due("2024-03-04T12:00:00Z");
    let mut seen: Vec<_> = events
        .iter()
        .map(|event| event["trackingNumber"].clone())
        .collect();
    seen.sort_by_key(Value::to_string);
    assert_eq!(seen, numbers);
}

#[test]
fn accounts_subscribe_to_all_their_packages_until_they_end_it() {
    let parts = parts();
    let body = json!({"locale": "en_US", "shipperAccountNumber": "A1B2C3", "subAccountType": ["Outbound"]});
    let answer = Call::post(ACCOUNT, &body)
        .at("2024-03-04T11:00:00Z")
        .json(&parts.product);
    assert_eq!(answer["expiryDate"], "9999-12-31");
    parts.ship();
    assert_eq!(codes(&parts.due("2024-03-04T13:00:00Z")), ["MP"]);
    let end = || Call::new(Method::DELETE, ACCOUNT).header("shipper-account-number", "A1B2C3");
    assert_eq!(
        end().json(&parts.product)["message"],
        "Account unsubscribed"
    );
    assert_eq!(end().refusal(&parts.product).1, "VSS320");
    assert!(parts.due("2024-03-09T00:00:00Z").is_empty());
}

#[test]
fn each_mistake_has_its_code() {
    let parts = parts();
    let code = |path: &str, body: &Value| Call::post(path, body).refusal(&parts.product);
    let many: Vec<String> = (0..101).map(|n| format!("1Z{n:016}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let mut preference = wanted(&["1ZCIETST0111111114"]);
    preference["eventPreferences"] = json!(["Q"]);
    for (path, body, expected) in [
        (
            PACKAGE,
            json!({"trackingNumberList": ["1ZCIETST0111111114"]}),
            "VSS300",
        ),
        (
            PACKAGE,
            json!({"locale": "english", "trackingNumberList": ["x"]}),
            "VSS301",
        ),
        (PACKAGE, wanted(&[]), "VSS300"),
        (PACKAGE, wanted(&many), "VSS300"),
        (PACKAGE, wanted(&["1Z1234567$8"]), "VSS310"),
        (ENHANCED, preference, "VSS303"),
        (ACCOUNT, json!({"locale": "en_US"}), "VSS300"),
        (
            ACCOUNT,
            json!({"locale": "en_US", "shipperAccountNumber": "X9Y8Z7"}),
            "VSS330",
        ),
    ] {
        assert_eq!(
            code(path, &body),
            (400, expected.to_owned()),
            "{path} {body}"
        );
    }
    let rejected = Call::post(PACKAGE, &wanted(&["1Z1234567$8"])).send(&parts.product);
    let rejected: Value = serde_json::from_slice(&rejected.expect("its path").body).expect("JSON");
    assert_eq!(rejected["invalidTrackingNumbers"], json!(["1Z1234567$8"]));
}

#[test]
fn reset_ends_all_subscriptions() {
    let parts = parts();
    Call::post(PACKAGE, &wanted(&["1ZCIETST0111111114"])).json(&parts.product);
    parts.product.reset();
    assert!(parts.due("2024-03-09T00:00:00Z").is_empty());
}
