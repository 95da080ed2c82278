//! Places around an address.

use serde_json::{Value, json};

use super::Locator;
use crate::testing::Call;

fn request(country: &str, postal: &str) -> Value {
    let address = json!({"PostcodePrimaryLow": postal, "CountryCode": country,
        "PoliticalDivision2": "Somewhere"});
    json!({"LocatorRequest": {"OriginAddress": {"AddressKeyFormat": address}}})
}

fn path(option: &str) -> String {
    format!("/api/locations/v3/search/availabilities/{option}")
}

fn places(option: &str, body: &Value) -> Vec<Value> {
    let answer = Call::post(&path(option), body).json(&Locator);
    let places = &answer["LocatorResponse"]["SearchResults"]["DropLocation"];
    places.as_array().expect("a list").clone()
}

#[test]
fn list_size_radius_unit_and_kind_are_heeded() {
    let mut body = request("US", "90210");
    assert_eq!(places("1", &body).len(), 10);
    body["LocatorRequest"]["LocationSearchCriteria"] = json!({"MaximumListSize": "3"});
    let miles = places("64", &body);
    assert_eq!(miles.len(), 3);
    for place in &miles {
        assert_eq!(
            place["LocationAttribute"][0]["OptionCode"][0]["Code"],
            "018"
        );
        assert!(place["OperatingHours"]["StandardHours"][0]["DayOfWeek"].is_array());
    }
    body["LocatorRequest"]["UnitOfMeasurement"] = json!({"Code": "KM"});
    let kilometres = places("64", &body);
    let first = |places: &[Value]| {
        let value = places[0]["Distance"]["Value"].as_str().expect("text");
        value.parse::<f64>().expect("a number")
    };
    assert!(first(&kilometres) > first(&miles));
    assert_eq!(kilometres[0]["Distance"]["UnitOfMeasurement"]["Code"], "KM");
    body["LocatorRequest"]["LocationSearchCriteria"] = json!({"SearchRadius": "1"});
    assert!(places("64", &body).len() < 3);
}

#[test]
fn places_are_in_the_country_of_the_address() {
    let german = &places("64", &request("DE", "10115"))[0]["Geocode"];
    assert!(
        german["Latitude"]
            .as_str()
            .expect("text")
            .starts_with("51."),
        "{german}"
    );
    let californian = &places("64", &request("US", "90210"))[0]["Geocode"];
    assert!(
        californian["Longitude"]
            .as_str()
            .expect("text")
            .starts_with("-11"),
        "{californian}"
    );
}

#[test]
fn what_is_not_served_is_refused() {
    let code = |option: &str, body: &Value| Call::post(&path(option), body).refusal(&Locator).1;
    assert_eq!(code("8", &request("US", "90210")), "350200");
    let mut body = request("US", "90210");
    body["LocatorRequest"]["UnitOfMeasurement"] = json!({"Code": "YD"});
    assert_eq!(code("64", &body), "350203");
    body = request("US", "90210");
    body["LocatorRequest"]["LocationSearchCriteria"] = json!({"MaximumListSize": "51"});
    assert_eq!(code("64", &body), "350204");
    body["LocatorRequest"]["LocationSearchCriteria"] = json!({"SearchRadius": "far"});
    assert_eq!(code("64", &body), "350205");
}
