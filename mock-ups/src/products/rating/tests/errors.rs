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

/// Sends each body to Shop and compares the code.
fn refuse_all(cases: impl IntoIterator<Item = (&'static str, Value)>) {
    let rating = rating("default");
    for (code, body) in cases {
        assert_eq!(refused(&rating, "v2409/Shop", &body).0, code, "{body}");
    }
}

/// An address in the United States.
fn us(zip: &str, state: &str) -> Value {
    json!({"CountryCode": "US", "PostalCode": zip, "StateProvinceCode": state})
}

/// A package of one by one by one in some unit.
fn measured_in(unit: &str) -> Value {
    let unit = json!({"Code": unit});
    odd_package(
        "Dimensions",
        json!({"UnitOfMeasurement": unit, "Length": "1", "Width": "1", "Height": "1"}),
    )
}

#[test]
fn each_mistake_in_an_address_has_its_code() {
    let nowhere = json!({"CountryCode": "QQ"});
    let no_country = json!({"PostalCode": "27703"});
    let no_state = json!({"CountryCode": "US"});
    let no_postal = |state: &str| json!({"CountryCode": "US", "StateProvinceCode": state});
    refuse_all([
        ("110004", without(usual(), "/Shipper")),
        ("110006", without(usual(), "/Shipper/Address")),
        ("110010", without(usual(), "/ShipTo")),
        ("110012", address("ShipTo", no_state.clone())),
        ("110013", without(usual(), "/ShipTo/Address/CountryCode")),
        ("110014", with(usual(), "/ShipFrom", json!({"Name": "x"}))),
        ("110016", address("Shipper", no_state)),
        ("110017", address("Shipper", no_country)),
        ("110045", address("ShipTo", no_postal("FL"))),
        ("110046", address("Shipper", no_postal("NC"))),
        ("110208", address("ShipTo", nowhere.clone())),
        ("110308", address("Shipper", nowhere)),
        ("111107", address("Shipper", us("", "NC"))),
        ("111285", address("ShipTo", us("78756", "VA"))),
        ("111286", address("ShipTo", us("32821", "XX"))),
        ("113020", address("Shipper", us("99", "NC"))),
        ("113021", address("ShipTo", us("00001", "FL"))),
    ]);
}

#[test]
fn each_mistake_in_a_package_has_its_code() {
    let crowd = json!(vec![package("1"); 201]);
    let no_unit = json!({"Length": "1", "Width": "1", "Height": "1"});
    let strange = json!({"Code": "99"});
    let payer = json!({"ShipmentCharge":
        {"Type": "01", "BillShipper": {"AccountNumber": "ZZZZZZ"}}});
    let worthless = json!({"MonetaryValue": "0"});
    refuse_all([
        ("110002", with(usual(), "/Package", json!([]))),
        ("110002", without(usual(), "/Package")),
        ("110003", with(usual(), "/Package", crowd)),
        ("110020", odd_package("Dimensions", no_unit)),
        ("110021", measured_in("FT")),
        ("110023", weighing("STN", "5")),
        ("110548", measured_in("CM")),
        ("110609", sized("10", "0", "10")),
        ("110609", sized("10", "", "10")),
        ("111030", weighing("LBS", "0")),
        ("111030", weighing("LBS", "-3")),
        ("111030", weighing("LBS", "heavy")),
        ("111035", weighing("LBS", "150.1")),
        ("111050", sized("60", "40", "40")),
        ("111055", sized("109", "5", "5")),
        ("111057", weighing("KGS", "5")),
        ("111212", odd_package("PackagingType", strange)),
        ("111549", with(usual(), "/InvoiceLineTotal", worthless)),
        ("111600", with(usual(), "/PaymentDetails", payer)),
        (
            "112111",
            with(usual(), "/Shipper/ShipperNumber", json!("short")),
        ),
    ]);
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
        json!({"MonetaryValue": "100", "CurrencyCode": "USD"}),
    );
    let code = |body: &Value| refused(&rating, "v2409/Ratetimeintransit", body).0;
    assert_eq!(code(&valued), "111546");
    let unknown = json!({"MonetaryValue": "100", "CurrencyCode": "QQQ"});
    assert_eq!(
        code(&with(valued.clone(), "/InvoiceLineTotal", unknown)),
        "111550"
    );
    let weighed = with(valued, "/ShipmentTotalWeight", json!({"Weight": "5"}));
    rated(&rating, "v2409/Ratetimeintransit", &weighed);
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

#[test]
fn reports_decide_what_is_refused() {
    let rating = rating("default");
    let home = with(
        usual(),
        "/ShipTo/Address/ResidentialAddressIndicator",
        json!(""),
    );
    assert_eq!(refused(&rating, "v2409/Rate", &by(home, "59")).0, "111215");
    rated(&rating, "v2409/Rate", &by(usual(), "59"));

    let vietnam = json!({"CountryCode": "VN", "City": "Hanoi"});
    let code = refused(&rating, "v2409/Shop", &address("ShipTo", vietnam)).0;
    assert_eq!(code, "110012");

    let payer = json!({"ShipmentCharge": {"BillShipper": {"AccountNumber": "12345"}}});
    let mut unnamed = with(usual(), "/PaymentDetails", payer);
    unnamed["RateRequest"]["Shipment"]["Shipper"]["ShipperNumber"] = json!("");
    assert_eq!(refused(&rating, "v2409/Shop", &unnamed).0, "112111");

    for version in ["v2410", "v0", "v01", "2", "%1A"] {
        let code = refused(&rating, &format!("{version}/Rate"), &usual()).0;
        assert_eq!(code, "20002", "{version}");
    }
}
