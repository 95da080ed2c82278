//! What holds for every request.

use std::sync::OnceLock;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::Rating;
use super::{by, cents, package, rated, rating, request, send, usual, with};

fn default_rating() -> &'static Rating {
    static RATING: OnceLock<Rating> = OnceLock::new();
    RATING.get_or_init(|| rating("default"))
}

/// ZIP codes of many places with their states.
fn zip() -> impl Strategy<Value = (&'static str, &'static str)> {
    prop::sample::select(vec![
        ("NC", "27703"),
        ("FL", "32821"),
        ("NY", "10007"),
        ("CA", "94110"),
        ("HI", "96813"),
        ("AK", "99501"),
        ("MT", "59301"),
        ("TX", "78701"),
        ("PR", "00901"),
    ])
}

/// A service that is sold on every lane of [`zip`].
fn service() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["01", "02", "03", "14"])
}

/// Weight in tenths of a pound, sides in tenths of an inch, declared dollars, residence or not.
type Parcel = (u32, [u32; 3], u32);

fn parcel() -> impl Strategy<Value = Parcel> {
    (
        1_u32..1500,
        [10_u32..400, 10_u32..300, 10_u32..200],
        0_u32..5000,
    )
}

fn tenths(value: u32) -> String {
    format!("{}.{}", value / 10, value % 10)
}

fn body(parcels: &[Parcel], from: (&str, &str), to: (&str, &str), residential: bool) -> Value {
    let packages: Vec<Value> = parcels
        .iter()
        .map(|(weight, sides, declared)| {
            let mut one = package(&tenths(*weight));
            one["Dimensions"] = json!({"UnitOfMeasurement": {"Code": "IN"},
                "Length": tenths(sides[0]), "Width": tenths(sides[1]), "Height": tenths(sides[2])});
            one["PackageServiceOptions"] = json!({
                "DeclaredValue": {"MonetaryValue": declared.to_string()},
                "DeliveryConfirmation": {"DCISType": "2"}});
            one
        })
        .collect();
    let mut body = request(from, to, json!(packages));
    if residential {
        body = with(
            body,
            "/ShipTo/Address/ResidentialAddressIndicator",
            json!(""),
        );
    }
    with(
        body,
        "/ShipmentRatingOptions",
        json!({"NegotiatedRatesIndicator": ""}),
    )
}

/// The sum of a list of itemised charges.
fn sum(charges: &Value) -> i64 {
    let lines = charges.as_array().map(Vec::as_slice).unwrap_or_default();
    lines.iter().map(|line| cents(&line["MonetaryValue"])).sum()
}

fn money(of: &Value, key: &str) -> i64 {
    cents(&of[key]["MonetaryValue"])
}

fn only(answer: &Value) -> &Value {
    let rated = &answer["RateResponse"]["RatedShipment"];
    rated.as_array().map_or(rated, |all| &all[0])
}

/// What a rated package has in all versions.
fn common(mut rated: Value) -> Value {
    let Some(services) = rated["RateResponse"]["RatedShipment"].as_array_mut() else {
        return rated;
    };
    for service in services {
        if let Some(package) = service["RatedPackage"].as_object_mut() {
            package.retain(|key, _| {
                matches!(
                    key.as_str(),
                    "Weight" | "ItemizedCharges" | "NegotiatedCharges"
                )
            });
        }
    }
    rated
}

/// Takes the differences between versions out: a list of one becomes its item.
fn flattened(value: &Value) -> Value {
    match value {
        Value::Array(items) if items.len() == 1 => flattened(&items[0]),
        Value::Array(items) => items.iter().map(flattened).collect(),
        Value::Object(members) => {
            let members = members
                .iter()
                .map(|(key, value)| (key.clone(), flattened(value)));
            Value::Object(members.collect())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

proptest! {
    #![proptest_config(tests_kit::properties(128))]

    #[test]
    fn heavier_packages_never_cost_less(
        parcel in parcel(), more in 1_u32..300, from in zip(), to in zip(),
        service in service(), residential: bool,
    ) {
        let total = |weight: u32| {
            let parcels = [(weight.min(1500), parcel.1, parcel.2)];
            let body = by(body(&parcels, from, to, residential), service);
            money(only(&rated(default_rating(), "v2409/Rate", &body)), "TotalCharges")
        };
        prop_assert!(total(parcel.0) <= total(parcel.0 + more));
    }

    #[test]
    fn total_is_the_sum_of_its_parts(
        parcels in prop::collection::vec(parcel(), 1..4), from in zip(), to in zip(),
        service in service(), residential: bool,
    ) {
        let body = by(body(&parcels, from, to, residential), service);
        let answer = rated(default_rating(), "v2403/Rate", &body);
        let shipment = only(&answer);
        let total = money(shipment, "TotalCharges");
        let transportation = money(shipment, "TransportationCharges");
        prop_assert_eq!(total, transportation + money(shipment, "ServiceOptionsCharges"));
        let mut parts = sum(&shipment["ItemizedCharges"]);
        let mut net = parts;
        let mut packages = 0;
        for package in shipment["RatedPackage"].as_array().expect("a list") {
            parts += money(package, "BaseServiceCharge") + sum(&package["ItemizedCharges"]);
            let negotiated = &package["NegotiatedCharges"];
            net += money(negotiated, "BaseServiceCharge") + sum(&negotiated["ItemizedCharges"]);
            packages += money(package, "TotalCharges");
        }
        prop_assert_eq!(total, parts);
        prop_assert_eq!(total, packages);
        let negotiated = &shipment["NegotiatedRateCharges"];
        prop_assert_eq!(money(negotiated, "TotalCharge"), net);
        prop_assert!(net <= total);
    }

    #[test]
    fn versions_differ_in_shape_only(parcel in parcel(), from in zip(), to in zip()) {
        let body = body(&[parcel], from, to, true);
        let answers = ["v1", "1701", "v2205", "v2403", "v2409"].map(|version| {
            common(flattened(&rated(default_rating(), &format!("{version}/Shop"), &body)))
        });
        prop_assert!(answers.windows(2).all(|pair| pair[0] == pair[1]));
    }

    #[test]
    fn any_bytes_get_an_answer(bytes in prop::collection::vec(any::<u8>(), 0..512)) {
        let answer = send(default_rating(), "v2409/Shop", bytes);
        prop_assert!(answer.status == 200 || answer.status == 400);
        prop_assert!(answer.error.is_some());
    }

    #[test]
    fn any_value_in_any_place_gets_an_answer(
        place in prop::sample::select(PLACES.to_vec()),
        value in prop::sample::select(VALUES.to_vec()),
        shop: bool,
    ) {
        let value: Value = serde_json::from_str(value).expect("JSON");
        let body = with(by(usual(), "03"), place, value);
        let path = if shop { "v2409/Shoptimeintransit" } else { "v1/Rate" };
        let answer = send(default_rating(), path, body.to_string());
        prop_assert!(answer.status == 200 || answer.status == 400);
        if !answer.body.is_empty() {
            prop_assert!(serde_json::from_slice::<Value>(&answer.body).is_ok());
        }
    }
}

const PLACES: [&str; 14] = [
    "/Shipper",
    "/Shipper/ShipperNumber",
    "/Shipper/Address/PostalCode",
    "/ShipTo/Address/CountryCode",
    "/ShipTo/Address/PostalCode",
    "/ShipTo/Address/StateProvinceCode",
    "/Service",
    "/Service/Code",
    "/Package",
    "/Package/PackagingType/Code",
    "/Package/PackageWeight",
    "/Package/PackageWeight/Weight",
    "/DeliveryTimeInformation",
    "/InvoiceLineTotal",
];

const VALUES: [&str; 14] = [
    "null",
    "\"\"",
    "\"0\"",
    "-1",
    "1e300",
    "99999999999999999999",
    "\"ÄÖÜ€\"",
    "\"𝟘𝟙\"",
    "[]",
    "[[]]",
    "{}",
    "true",
    "{\"Pickup\":{\"Date\":\"99999999\",\"Time\":\"9999\"}}",
    "{\"MonetaryValue\":{\"MonetaryValue\":1}}",
];
