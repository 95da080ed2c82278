//! Days on the way.

use std::sync::Arc;

use http::Method;
use serde_json::{Value, json};

use super::TimeInTransit;
use crate::products::rating::Tariff;
use crate::testing::Call;

const PATH: &str = "/api/shipments/v1/transittimes";

fn product() -> TimeInTransit {
    TimeInTransit::new(Arc::new(Tariff::bundled("default").expect("bundled")))
}

fn request(ship_date: &str) -> Value {
    json!({"originCountryCode": "US", "originPostalCode": "27703",
        "destinationCountryCode": "US", "destinationPostalCode": 32821,
        "weight": 10.5, "weightUnitOfMeasure": "LBS", "shipDate": ship_date,
        "shipTime": "10:00:00"})
}

fn service<'v>(answer: &'v Value, level: &str) -> &'v Value {
    let services = answer["emsResponse"]["services"]
        .as_array()
        .expect("a list");
    let found = services
        .iter()
        .find(|service| service["serviceLevel"] == level);
    found.unwrap_or(&Value::Null)
}

#[test]
fn ground_over_a_weekend_counts_rest_days() {
    let answer = Call::post(PATH, &request("2024-03-07")).json(&product());
    let ground = service(&answer, "GND");
    assert_eq!(ground["businessTransitDays"], 2);
    assert_eq!(ground["deliveryDate"], "2024-03-11");
    assert_eq!(ground["deliveryDayOfWeek"], "MON");
    assert_eq!(ground["restDaysCount"], 2);
    assert_eq!(ground["totalTransitDays"], 4);
    assert_eq!(ground["guaranteeIndicator"], "0");
    let count = answer["emsResponse"]["services"].as_array().map(Vec::len);
    assert_eq!(
        answer["emsResponse"]["numberOfServices"].as_u64(),
        count.map(|n| n as u64)
    );
    assert_eq!(answer["emsResponse"]["destinationPostalCode"], "32821");
}

#[test]
fn saturday_delivery_is_offered_for_a_friday_only() {
    let friday = Call::post(PATH, &request("2024-03-08")).json(&product());
    let saturday = service(&friday, "1DAS");
    assert_eq!(saturday["deliveryDate"], "2024-03-09");
    assert_eq!(saturday["saturdayDeliveryIndicator"], "1");
    assert_eq!(service(&friday, "1DA")["deliveryDate"], "2024-03-11");
    let thursday = Call::post(PATH, &request("2024-03-07")).json(&product());
    assert!(service(&thursday, "1DAS").is_null());
}

#[test]
fn holidays_are_counted() {
    let call = Call::post(PATH, &request("2024-05-24")).at("2024-05-20T12:00:00Z");
    let ground = call.json(&product());
    let ground = service(&ground, "GND");
    assert_eq!(ground["deliveryDate"], "2024-05-29");
    assert_eq!(ground["holidayCount"], 1);
}

#[test]
fn broken_requests_are_503_and_wrong_ones_400() {
    let product = product();
    let broken = |body: &'static str| Call::new(Method::POST, PATH).body(body).refusal(&product);
    for body in ["", "{", "[1", "{\"weight\":{}}"] {
        assert_eq!(broken(body), (503, "10004".to_owned()), "{body}");
    }
    for (key, value) in [
        ("originCountryCode", json!("")),
        ("destinationCountryCode", json!("QQ")),
        ("shipDate", json!("2025-01-01")),
        ("shipDate", json!("tomorrow")),
        ("shipTime", json!("25:00:00")),
        ("weight", json!("heavy")),
    ] {
        let mut body = request("2024-03-07");
        body[key] = value;
        assert_eq!(Call::post(PATH, &body).refusal(&product).0, 400, "{key}");
    }
    for header in ["transid", "transactionsrc"] {
        let call = Call::post(PATH, &request("2024-03-07")).header(header, "");
        assert_eq!(call.refusal(&product).0, 400);
    }
}

#[test]
fn unknown_postal_code_is_ambiguous() {
    let mut body = request("2024-03-07");
    body["destinationPostalCode"] = json!("00001");
    let answer = Call::post(PATH, &body).send(&product()).expect("its path");
    assert_eq!(answer.status, 206);
    let json: Value = serde_json::from_slice(&answer.body).expect("JSON");
    assert_eq!(json["validationList"]["destinationAmbiguous"], true);
    assert_eq!(json["validationList"]["originAmbiguous"], false);
    assert!(
        !json["destinationPickList"]
            .as_array()
            .expect("a list")
            .is_empty()
    );
    assert!(json.get("originPickList").is_none());
    assert_eq!(
        json["validationList"]["invalidFieldList"],
        json!(["DestinationPostalCode"])
    );
    let field = |name: &str| field(&answer, name);
    assert_eq!(field("apierrorcode"), ["1070"]);
    assert_eq!(field("errorcode"), ["1070"]);
    assert_eq!(field("bkndtransid"), ["t1"]);
}

/// The values of a field.
fn field<'a>(answer: &'a crate::api::ApiResponse, name: &str) -> Vec<&'a str> {
    let fields = answer.headers.iter().filter(|field| field.0 == name);
    fields
        .map(|field| field.1.to_str().expect("text"))
        .collect()
}

/// As recorded: the envelope says one thing, the fields another.
#[test]
fn unreadable_body_is_a_back_end_that_gave_up() {
    let call = Call::post(PATH, &json!({})).body("{\"originCountryCode\":");
    let answer = call.send(&product()).expect("its path");
    assert_eq!(answer.status, 503);
    assert!(
        answer
            .body
            .starts_with(br#"{"response":{"errors":[{"code":"10004""#)
    );
    assert_eq!(field(&answer, "errorcode"), ["500"]);
    assert_eq!(
        field(&answer, "errordescription"),
        ["UnexpectedEOFAtTarget"]
    );
    assert_eq!(field(&answer, "content-type"), ["application/json"]);
}

#[test]
fn city_of_another_postal_code_is_ambiguous() {
    let mut body = request("2024-03-07");
    body["destinationPostalCode"] = json!("90210");
    body["destinationCityName"] = json!("Los Angeles");
    let answer = Call::post(PATH, &body).send(&product()).expect("its path");
    assert_eq!(answer.status, 206);
    let text = String::from_utf8(answer.body.to_vec()).expect("text");
    let list = r#""destinationPickList":[{"city":"BEVERLY HILLS","stateProvince":"CA""#;
    assert!(text.contains(list), "{text}");
    body["destinationCityName"] = json!("Beverly Hills");
    let answer = Call::post(PATH, &body).json(&product());
    assert!(answer["emsResponse"].get("dutyType").is_none());
}

#[test]
fn countries_have_names_and_currencies_codes() {
    let mut body = request("2024-03-07");
    body["destinationCountryCode"] = json!("GB");
    body["destinationPostalCode"] = json!("SW1A1AA");
    let answer = Call::post(PATH, &body).json(&product());
    assert_eq!(
        answer["emsResponse"]["destinationCountryName"],
        "UNITED KINGDOM"
    );
    body["shipmentContentsCurrencyCode"] = json!("0");
    assert_eq!(Call::post(PATH, &body).refusal(&product()).0, 400);
}

#[test]
fn broken_body_is_503_whatever_the_fields_say() {
    let broken = Call::new(Method::POST, PATH)
        .body("{")
        .header("transid", "");
    assert_eq!(broken.refusal(&product()), (503, "10004".to_owned()));
    let version = Call::post("/api/shipments/%1A/transittimes", &request("2024-03-07"));
    assert_eq!(version.refusal(&product()).1, "20002");
}
