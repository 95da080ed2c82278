//! Quotes.

use serde_json::{Value, json};

use super::LandedCost;
use crate::config::Settings;
use crate::testing::Call;

fn product() -> LandedCost {
    LandedCost::new(std::sync::Arc::default())
}

/// The example of UPS's file.
fn example() -> Value {
    let item = |id: &str, price: &str, code: &str, quantity: u32, description: &str| {
        json!({"commodityId": id, "grossWeight": "", "priceEach": price, "hsCode": code,
            "quantity": quantity, "UOM": "Each", "originCountryCode": "GB",
            "commodityCurrencyCode": "GBP", "description": description})
    };
    json!({"currencyCode": "GBP", "transID": "325467165", "allowPartialLandedCostResult": false,
        "alversion": 1, "shipment": {"id": "ShipmentID83", "importCountryCode": "GB",
        "exportCountryCode": "US", "transportCost": "", "shipmentType": "Sale",
        "shipmentItems": [item("1", "125", "400932", 24, ""),
            item("4", "0.5", "", 900, "Cord5mm{PK50Yellow/Red")]}})
}

fn ask(body: &Value) -> Value {
    Call::post("/api/landedcost/v1/quotes", body).json(&product())
}

#[test]
fn example_of_the_file_comes_out_to_the_cent() {
    let answer = ask(&example());
    let shipment = &answer["shipment"];
    for (member, amount) in [
        ("totalDuties", 60.0),
        ("totalVAT", 702.0),
        ("totalDutyAndTax", 762.0),
        ("totalBrokerageFees", 24.65),
        ("grandTotal", 786.65),
    ] {
        assert_eq!(shipment[member], amount, "{member}");
    }
    let items = shipment["shipmentItems"].as_array().expect("two");
    assert_eq!(items[0]["hsCode"], "4009320090");
    assert_eq!(
        (&items[0]["commodityDuty"], &items[0]["commodityVAT"]),
        (&json!(60.0), &json!(612.0))
    );
    assert_eq!(items[1]["hsCode"], "8546901000");
    assert_eq!(answer["transID"], "325467165");
}

#[test]
fn sums_add_up_whatever_is_shipped() {
    let cents = |value: &Value| (value.as_f64().expect("a number") * 100.0).round() as i64;
    for (import, price, freight) in [
        ("DE", "19.99", "7.5"),
        ("US", "0.333", "100"),
        ("JP", "12345.678", ""),
    ] {
        let mut body = example();
        body["shipment"]["importCountryCode"] = json!(import);
        body["shipment"]["transportCost"] = json!(freight);
        body["shipment"]["shipmentItems"][0]["priceEach"] = json!(price);
        let answer = ask(&body);
        let shipment = &answer["shipment"];
        let items = shipment["shipmentItems"].as_array().expect("two");
        let sum = |member: &str| items.iter().map(|item| cents(&item[member])).sum::<i64>();
        assert_eq!(sum("commodityDuty"), cents(&shipment["totalDuties"]));
        assert_eq!(sum("commodityVAT"), cents(&shipment["totalVAT"]));
        assert_eq!(
            sum("totalCommodityDutyAndTax"),
            cents(&shipment["totalDutyAndTax"])
        );
        let fees = shipment["brokerageFeeItems"].as_array().expect("two");
        let fees: i64 = fees.iter().map(|fee| cents(&fee["chargeAmount"])).sum();
        assert_eq!(fees, cents(&shipment["totalBrokerageFees"]));
        assert_eq!(
            cents(&shipment["totalDutyAndTax"]) + fees,
            cents(&shipment["grandTotal"])
        );
    }
}

#[test]
fn partial_results_are_given_where_they_are_allowed() {
    let mut body = example();
    body["shipment"]["shipmentItems"][0]["hsCode"] = json!("none");
    let call = |body: &Value| Call::post("/api/landedcost/v1/quotes", body);
    assert_eq!(call(&body).refusal(&product()).1, "LC0009");
    body["allowPartialLandedCostResult"] = json!(true);
    let answer = ask(&body);
    let items = answer["shipment"]["shipmentItems"].as_array().expect("two");
    assert_eq!(
        (&items[0]["isCalculable"], &items[1]["isCalculable"]),
        (&json!(false), &json!(true))
    );
}

#[test]
fn each_mistake_has_its_code() {
    let refuse = |pointer: &str, value: Value| {
        let mut body = example();
        *body.pointer_mut(pointer).expect("it is there") = value;
        Call::post("/api/landedcost/v1/quotes", &body)
            .refusal(&product())
            .1
    };
    for (code, pointer, value) in [
        ("LC0002", "/shipment", json!("")),
        ("LC0002", "/transID", json!("")),
        ("LC0002", "/shipment/shipmentItems", json!([])),
        ("LC0002", "/shipment/shipmentItems/0/commodityId", json!("")),
        ("LC0004", "/shipment/importCountryCode", json!("XX")),
        (
            "LC0005",
            "/shipment/shipmentItems/1/commodityCurrencyCode",
            json!("USD"),
        ),
        ("LC0006", "/shipment/shipmentItems/1/quantity", json!(-1)),
        (
            "LC0006",
            "/shipment/shipmentItems/1/priceEach",
            json!("much"),
        ),
        ("LC0008", "/shipment/transportCost", json!("-5")),
        ("LC0012", "/currencyCode", json!("QQQ")),
    ] {
        assert_eq!(refuse(pointer, value), code, "{pointer}");
    }
    let unnamed = Call::post("/api/landedcost/v1/quotes", &example()).header("transid", "");
    assert_eq!(unnamed.refusal(&product()).1, "LC0001");
    let foreign =
        Call::post("/api/landedcost/v1/quotes", &example()).header("accountnumber", "X9Y8Z7");
    assert_eq!(foreign.refusal(&product()).1, "LC0010");
}

#[test]
fn strictly_no_number_is_above_one() {
    let product = product();
    product.hot.set(&Settings {
        strict_files: true,
        ..Settings::default()
    });
    let call = Call::post("/api/landedcost/v1/quotes", &example());
    assert_eq!(call.refusal(&product).1, "LC0011");
}
