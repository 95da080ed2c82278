//! What is refused, with UPS's codes.

use serde_json::{Value, json};

use super::{by, package, rated, rating, refused, request, send, usual, with};

/// Removes a member of the shipment.
fn without(mut body: Value, pointer: &str) -> Value {
    let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
    let parent = format!("/RateRequest/Shipment{parent}");
    let object = body.pointer_mut(&parent).and_then(Value::as_object_mut);
    object
        .expect("an object")
        .remove(key)
        .expect("it was there");
    body
}

/// A package with one member replaced.
fn odd_package(key: &str, value: Value) -> Value {
    let mut one = package("5");
    one[key] = value;
    with(usual(), "/Package", one)
}

fn sized(length: &str, width: &str, height: &str) -> Value {
    odd_package(
        "Dimensions",
        json!({"UnitOfMeasurement": {"Code": "IN"},
            "Length": length, "Width": width, "Height": height}),
    )
}

fn weighing(unit: &str, weight: &str) -> Value {
    odd_package(
        "PackageWeight",
        json!({"UnitOfMeasurement": {"Code": unit}, "Weight": weight}),
    )
}

fn address(end: &str, address: Value) -> Value {
    with(usual(), &format!("/{end}/Address"), address)
}

#[test]
fn each_mistake_has_its_code() {
    let rating = rating("default");
    let us = |zip: &str, state: &str| json!({"CountryCode": "US", "PostalCode": zip, "StateProvinceCode": state});
    for (code, body) in [
        ("110002", with(usual(), "/Package", json!([]))),
        ("110002", without(usual(), "/Package")),
        (
            "110003",
            with(usual(), "/Package", json!(vec![package("1"); 201])),
        ),
        ("110004", without(usual(), "/Shipper")),
        ("110006", without(usual(), "/Shipper/Address")),
        ("110010", without(usual(), "/ShipTo")),
        ("110012", address("ShipTo", json!({"CountryCode": "US"}))),
        ("110013", without(usual(), "/ShipTo/Address/CountryCode")),
        ("110014", with(usual(), "/ShipFrom", json!({"Name": "x"}))),
        ("110016", address("Shipper", json!({"CountryCode": "US"}))),
        ("110017", address("Shipper", json!({"PostalCode": "27703"}))),
        (
            "110020",
            odd_package(
                "Dimensions",
                json!({"Length": "1", "Width": "1", "Height": "1"}),
            ),
        ),
        (
            "110021",
            odd_package(
                "Dimensions",
                json!({"UnitOfMeasurement": {"Code": "FT"},
            "Length": "1", "Width": "1", "Height": "1"}),
            ),
        ),
        ("110023", weighing("STN", "5")),
        (
            "110045",
            address(
                "ShipTo",
                json!({"CountryCode": "US", "StateProvinceCode": "FL"}),
            ),
        ),
        (
            "110046",
            address(
                "Shipper",
                json!({"CountryCode": "US", "StateProvinceCode": "NC"}),
            ),
        ),
        ("110208", address("ShipTo", json!({"CountryCode": "QQ"}))),
        ("110308", address("Shipper", json!({"CountryCode": "QQ"}))),
        (
            "110548",
            odd_package(
                "Dimensions",
                json!({"UnitOfMeasurement": {"Code": "CM"},
            "Length": "1", "Width": "1", "Height": "1"}),
            ),
        ),
        ("110609", sized("10", "0", "10")),
        ("110609", sized("10", "", "10")),
        ("111030", weighing("LBS", "0")),
        ("111030", weighing("LBS", "-3")),
        ("111030", weighing("LBS", "heavy")),
        ("111035", weighing("LBS", "150.1")),
        ("111050", sized("60", "40", "40")),
        ("111055", sized("109", "5", "5")),
        ("111057", weighing("KGS", "5")),
        ("111107", address("Shipper", us("", "NC"))),
        ("111285", address("ShipTo", us("78756", "VA"))),
        ("111286", address("ShipTo", us("32821", "XX"))),
        (
            "111549",
            with(usual(), "/InvoiceLineTotal", json!({"MonetaryValue": "0"})),
        ),
        (
            "111600",
            with(
                usual(),
                "/PaymentDetails",
                json!({"ShipmentCharge":
            {"Type": "01", "BillShipper": {"AccountNumber": "ZZZZZZ"}}}),
            ),
        ),
        (
            "112111",
            with(usual(), "/Shipper/ShipperNumber", json!("short")),
        ),
        ("113020", address("Shipper", us("99", "NC"))),
        ("113021", address("ShipTo", us("00001", "FL"))),
        (
            "111212",
            odd_package("PackagingType", json!({"Code": "99"})),
        ),
    ] {
        assert_eq!(refused(&rating, "v2409/Shop", &body).0, code, "{body}");
    }
}

#[test]
fn each_service_mistake_has_its_code() {
    let rating = rating("default");
    let letter = odd_package("PackagingType", json!({"Code": "01"}));
    let saturday = with(
        usual(),
        "/ShipmentServiceOptions",
        json!({"SaturdayDeliveryIndicator": ""}),
    );
    let mut simple = package("1");
    simple["SimpleRate"] = json!({"Code": "XS"});
    let simple = with(usual(), "/Package", simple);
    for (code, body) in [
        ("111100", usual()),
        ("111100", by(usual(), "99")),
        ("111100", by(usual(), "82")),
        ("111210", by(usual(), "07")),
        ("111500", by(letter, "03")),
        (
            "111212",
            by(odd_package("PackagingType", json!({"Code": "25"})), "01"),
        ),
        ("111092", by(saturday, "03")),
        ("111563", by(simple, "01")),
    ] {
        assert_eq!(refused(&rating, "v2409/Rate", &body).0, code, "{body}");
    }
    let (_, text) = refused(
        &rating,
        "v1/Shop",
        &address(
            "ShipTo",
            json!({"CountryCode": "US", "PostalCode": "78756", "StateProvinceCode": "VA"}),
        ),
    );
    assert_eq!(
        text,
        "The postal code 78756 is invalid for VA United States."
    );
}

#[test]
fn international_time_in_transit_needs_the_value_of_the_contents() {
    let rating = rating("default");
    let body = by(
        address(
            "ShipTo",
            json!({"CountryCode": "DE", "PostalCode": "10115"}),
        ),
        "65",
    );
    assert_eq!(
        refused(&rating, "v2409/Ratetimeintransit", &body).0,
        "111549"
    );
    rated(&rating, "v2409/Rate", &body);
    let valued = with(
        body.clone(),
        "/InvoiceLineTotal",
        json!({"MonetaryValue": "100"}),
    );
    rated(&rating, "v2409/Ratetimeintransit", &valued);
    let papers = with(body, "/DocumentsOnlyIndicator", json!(""));
    rated(&rating, "v2409/Ratetimeintransit", &papers);
}

#[test]
fn metric_shipments_have_metric_limits() {
    let rating = rating("default");
    let german = json!({"CountryCode": "DE", "PostalCode": "10115"});
    let metric = |weight: &str, length: &str| {
        let mut one = package(weight);
        one["PackageWeight"]["UnitOfMeasurement"]["Code"] = json!("KGS");
        one["Dimensions"] = json!({"UnitOfMeasurement": {"Code": "CM"},
            "Length": length, "Width": "10", "Height": "10"});
        let mut body = request(("NC", "27703"), ("FL", "32821"), one);
        for end in ["Shipper", "ShipTo"] {
            body["RateRequest"]["Shipment"][end]["Address"] = german.clone();
        }
        by(body, "11")
    };
    rated(&rating, "v2409/Rate", &metric("70", "50"));
    assert_eq!(
        refused(&rating, "v2409/Rate", &metric("70.1", "50")).0,
        "111036"
    );
    assert_eq!(
        refused(&rating, "v2409/Rate", &metric("0", "50")).0,
        "111031"
    );
    assert_eq!(
        refused(&rating, "v2409/Rate", &metric("5", "275")).0,
        "111056"
    );
}

#[test]
fn control_characters_and_broken_json_get_an_empty_200() {
    let rating = rating("default");
    for body in [
        usual().to_string().replace("A1B2C3", "A1\\bB2"),
        usual().to_string().replace("A1B2C3", "A1\\u0001"),
        "{".to_owned(),
        "<xml/>".to_owned(),
        "{\"RateRequest\": tru}".to_owned(),
        "[".repeat(100_000),
    ] {
        let answer = send(&rating, "v2409/Shop", body);
        assert_eq!(answer.status, 200);
        assert!(answer.body.is_empty());
        assert_eq!(answer.error.expect("named in the headers").code, "1");
    }
}

#[test]
fn paths_and_documents_of_the_wrong_kind_are_refused() {
    let rating = rating("default");
    let code = |path: &str, body: &str| {
        let answer = send(&rating, path, body.to_owned());
        assert_eq!(answer.status, 400, "{path}");
        answer.error.expect("an error").code.into_owned()
    };
    assert_eq!(code("v2409/Book", "{}"), "20006");
    assert_eq!(code("v24091/Rate", "{}"), "20002");
    assert_eq!(code("latest/Rate", "{}"), "20002");
    assert_eq!(code("v2409/Rate", ""), "10003");
    assert_eq!(code("v2409/Rate", "{}"), "10002");
    assert_eq!(code("v2409/Rate", "[]"), "10002");
    assert_eq!(code("v2409/Rate", "{\"RateRequest\":{}}"), "20007");
}
