//! What UPS's file requires and its examples lack.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{SHIP, abroad};
use crate::config::Settings;
use crate::hot_settings::HotSettings;
use crate::products::rating::Tariff;
use crate::products::shipping::Shipping;
use crate::products::shipping::store::Shipments;
use crate::testing::Call;

/// Adds a member after another, each step with the code of the answer that asked for it.
fn asked_for_one_by_one(body: &mut Value, steps: &[(&str, Value, &str)]) {
    let hot = HotSettings::default();
    hot.set(&Settings {
        strict_files: true,
        ..Settings::default()
    });
    let tariff = Arc::new(Tariff::bundled("default").expect("bundled"));
    let shipping = Shipping::new(tariff, Arc::<Shipments>::default(), 1, Arc::new(hot));
    for (path, member, code) in steps {
        assert_eq!(Call::post(SHIP, body).refusal(&shipping).1, *code, "{path}");
        let (parent, name) = path.rsplit_once('/').expect("a path");
        let parent = format!("/ShipmentRequest/Shipment{parent}");
        body.pointer_mut(&parent).expect("its parent")[name] = member.clone();
    }
    let answer = Call::post(SHIP, body).json(&shipping);
    assert!(answer["ShipmentResponse"].is_object(), "{answer}");
}

#[test]
fn strict_files_ask_for_what_customs_of_the_union_need() {
    let berlin = json!({"AddressLine": ["Schönhauser Allee 6"], "City": "Berlin",
        "PostalCode": "10119", "CountryCode": "DE"});
    let mut body = abroad();
    let shipment = &mut body["ShipmentRequest"]["Shipment"];
    shipment["Service"]["Code"] = json!("65");
    shipment["ShipTo"]["Address"] = berlin;
    let forms = "/ShipmentServiceOptions/InternationalForms";
    let product = format!("{forms}/Product/0");
    let identifier =
        |kind: &str| json!([{"ProductID": "4006381333931", "ProductIDTypeCode": kind}]);
    asked_for_one_by_one(
        &mut body,
        &[
            ("/ShipperType", json!("01"), "120960"),
            ("/ConsigneeType", json!("02"), "120961"),
            (
                "/ShipmentServiceOptions",
                json!({"LabelLinksIndicator": ""}),
                "120962",
            ),
            (
                "/ShipmentServiceOptions/EUDeMinimisIndicator",
                json!("Y"),
                "120962",
            ),
        ],
    );
    body["ShipmentRequest"]["Shipment"]["ShipmentServiceOptions"]["InternationalForms"] =
        json!({"FormType": "01", "Product": [{"Description": "Book"}]});
    asked_for_one_by_one(
        &mut body,
        &[
            (
                &format!("{product}/ProductIdentifier"),
                identifier("0100"),
                "128024",
            ),
            (
                &format!("{product}/CommodityFieldSpecialConditionCode"),
                json!("01"),
                "128025",
            ),
        ],
    );
    // A standardized identifier needs no excuse.
    let path = format!("/ShipmentRequest/Shipment{product}");
    let product = body.pointer_mut(&path).expect("a product");
    *product = json!({"Description": "Book", "ProductIdentifier": identifier("0300")});
    asked_for_one_by_one(&mut body, &[]);
}

#[test]
fn strict_files_ask_for_what_a_usmca_certificate_needs() {
    let mut body = abroad();
    body["ShipmentRequest"]["Shipment"]["ShipmentServiceOptions"] = json!({"InternationalForms":
        {"FormType": ["04"], "Product": [{"Description": "Book"}]}});
    let forms = "/ShipmentServiceOptions/InternationalForms";
    let in_forms = |name: &str| format!("{forms}/{name}");
    let in_product = |name: &str| format!("{forms}/Product/0/{name}");
    asked_for_one_by_one(
        &mut body,
        &[
            (
                &in_forms("Contacts"),
                json!({"SoldTo": {"Name": "Jane"}}),
                "128040",
            ),
            (
                &in_forms("Contacts/Producer"),
                json!({"Option": "02"}),
                "128040",
            ),
            (
                &in_forms("BlanketPeriod"),
                json!({"BeginDate": "20261201"}),
                "128041",
            ),
            (
                &in_forms("BlanketPeriod/EndDate"),
                json!("20271130"),
                "128041",
            ),
            (&in_product("CommodityCode"), json!("490199"), "128021"),
            (&in_product("NetCostCode"), json!("NO"), "128042"),
            (&in_product("ProducerInfo"), json!("No [1]"), "128043"),
        ],
    );
}
