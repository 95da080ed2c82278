//! Hostile calls on every product.

use std::sync::{Arc, OnceLock};

use http::Method;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::ProductContext;
use crate::api::Product;
use crate::testing::Call;

const ROUTES: [(Method, &str); 22] = [
    (Method::POST, "/api/dangerousgoods/v2/prenotification"),
    (Method::POST, "/api/landedcost/v1/quotes"),
    (Method::POST, "/api/track/v2/subscription/standard/package"),
    (Method::POST, "/api/track/v2/subscription/enhanced/account"),
    (
        Method::DELETE,
        "/api/track/v2/subscription/standard/account",
    ),
    (Method::POST, "/api/rating/v2409/Shop"),
    (Method::POST, "/api/shipments/v2409/ship"),
    (
        Method::DELETE,
        "/api/shipments/v2409/void/cancel/1Z?trackingnumber=%5B",
    ),
    (Method::POST, "/api/labels/v1/recovery"),
    (Method::GET, "/api/track/v1/details/%ff%00"),
    (
        Method::GET,
        "/api/track/v1/shipment/details/1Z?offset=-1&count=99999999999999999999",
    ),
    (
        Method::GET,
        "/api/track/v1/reference/details/%22?fromPickUpDate=99999999",
    ),
    (Method::POST, "/api/shipments/v1/transittimes"),
    (
        Method::POST,
        "/api/addressvalidation/v2/3?maximumcandidatelistsize=0",
    ),
    (Method::POST, "/api/locations/v3/search/availabilities/64"),
    (Method::POST, "/api/shipments/v2409/pickup/oncall"),
    (Method::GET, "/api/shipments/v2409/pickup/oncall"),
    (Method::DELETE, "/api/shipments/v2409/pickup/02"),
    (Method::POST, "/api/pickupcreation/v2409/pickup"),
    (Method::GET, "/api/pickup/v2409/countries/%ff"),
    (Method::POST, "/api/paperlessdocuments/v2/upload"),
    (
        Method::DELETE,
        "/api/paperlessdocuments/v2/DocumentId/ShipperNumber",
    ),
];

/// The roots of the bodies.
const ROOTS: [&str; 11] = [
    "PreNotificationRequest",
    "shipment",
    "trackingNumberList",
    "RateRequest",
    "ShipmentRequest",
    "LabelRecoveryRequest",
    "XAVRequest",
    "LocatorRequest",
    "PickupCreationRequest",
    "UploadRequest",
    "originCountryCode",
];

/// Members on the way down.
const MEMBERS: [&str; 10] = [
    "Shipment",
    "Shipper",
    "ShipTo",
    "Address",
    "Package",
    "AddressKeyFormat",
    "OriginAddress",
    "PickupDateInfo",
    "TrackingNumber",
    "LabelSpecification",
];

fn products() -> &'static [Box<dyn Product>] {
    static PRODUCTS: OnceLock<Vec<Box<dyn Product>>> = OnceLock::new();
    PRODUCTS.get_or_init(|| ProductContext::new(None, 1, Arc::default()).products())
}

fn tree() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[ -~äß€]{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(prop::sample::select(MEMBERS.to_vec()), inner, 0..4)
                .prop_map(|members| json!(members)),
        ]
    })
}

/// Whoever owns the route answers with a success or a UPS error, in JSON where there is a body.
fn answers(method: &Method, path: &str, body: impl Into<bytes::Bytes>) {
    let call = Call::new(method.clone(), path)
        .header("shippernumber", "A1B2C3")
        .body(body);
    let mut found = products()
        .iter()
        .filter_map(|product| call.send(product.as_ref()));
    let answer = found
        .next()
        .unwrap_or_else(|| panic!("nobody answers {path}"));
    assert!(found.next().is_none(), "two products answer {path}");
    assert!(
        [200, 206, 400, 503].contains(&answer.status.as_u16()),
        "{path}"
    );
    assert_eq!(
        answer.status.is_success(),
        answer.error.as_ref().is_none_or(|e| e.code == "1")
    );
    if !answer.body.is_empty() {
        let value: Result<Value, _> = serde_json::from_slice(&answer.body);
        assert!(value.is_ok(), "{path}: {:?}", answer.body);
    }
}

proptest! {
    #![proptest_config(tests_kit::properties(256))]

    #[test]
    fn any_bytes_get_an_answer_from_every_product(
        route in prop::sample::select(ROUTES.to_vec()),
        body in prop::collection::vec(any::<u8>(), 0..256),
    ) {
        answers(&route.0, route.1, body);
    }

    #[test]
    fn any_tree_gets_an_answer_from_every_product(
        route in prop::sample::select(ROUTES.to_vec()),
        root in prop::sample::select(ROOTS.to_vec()),
        tree in tree(),
    ) {
        answers(&route.0, route.1, json!({root: tree}).to_string());
    }
}

#[test]
fn foreign_paths_and_methods_are_nobodys() {
    for (method, path) in [
        (Method::GET, "/api/rating/v2409/Shop"),
        (Method::POST, "/api/rating/v2409"),
        (Method::POST, "/api/rating/v2409/Shop/more"),
        (Method::POST, "/api/track/v1/details/1Z"),
        (Method::GET, "/api/unknown"),
        (Method::GET, "/api/"),
    ] {
        let call = Call::new(method, path);
        assert!(
            products()
                .iter()
                .all(|product| call.send(product.as_ref()).is_none()),
            "{path}"
        );
    }
}
