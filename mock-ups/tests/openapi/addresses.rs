//! Address validation and locator.

use serde_json::json;

use crate::client::World;
use crate::spec::Spec;

#[tokio::test(flavor = "multi_thread")]
async fn address_answers_validate() {
    let Some(spec) = Spec::load("AddressValidation") else {
        return;
    };
    let world = World::start().await;
    for (line, city, zip, indicator) in [
        (
            "26601 Aliso Creek Road Ste D",
            "Aliso Viejo",
            "92656",
            "ValidAddressIndicator",
        ),
        ("1 Main Street", "Nowhere", "92656", "NoCandidatesIndicator"),
        (
            "9999 Market Street",
            "San Francisco",
            "94103",
            "AmbiguousAddressIndicator",
        ),
    ] {
        let body = json!({"XAVRequest": {"AddressKeyFormat": [{"AddressLine": [line],
            "PoliticalDivision2": city, "PoliticalDivision1": "CA",
            "PostcodePrimaryLow": zip, "CountryCode": "US"}]}});
        for option in ["1", "2", "3"] {
            let path = format!("/api/addressvalidation/v2/{option}?maximumcandidatelistsize=5");
            let answer = world.call("POST", &path, &body.to_string());
            assert_eq!(answer.status, 200, "{}", answer.body);
            assert!(
                option == "2" || answer.body.contains(indicator),
                "{}",
                answer.body
            );
            spec.check("XAVResponseWrapper", &answer.json());
        }
    }
    let body = json!({"XAVRequest": {"AddressKeyFormat": {"AddressLine": "1 Peachtree St NE",
        "PoliticalDivision2": "Atlanta", "PoliticalDivision1": "GA", "CountryCode": "US"}}});
    let answer = world.call("POST", "/api/addressvalidation/v1/1", &body.to_string());
    assert_eq!((answer.status, answer.code().as_str()), (400, "9264030"));
    spec.check("ErrorResponse", &answer.json());
}

#[tokio::test(flavor = "multi_thread")]
async fn locator_answers_validate() {
    let Some(spec) = Spec::load("Locator") else {
        return;
    };
    let world = World::start().await;
    let body = json!({"LocatorRequest": {"OriginAddress": {"AddressKeyFormat": {
        "PoliticalDivision2": "Durham", "PoliticalDivision1": "NC",
        "PostcodePrimaryLow": "27703", "CountryCode": "US"}}}});
    for option in ["1", "32", "64"] {
        let path = format!("/api/locations/v3/search/availabilities/{option}?Locale=en_US");
        let answer = world.call("POST", &path, &body.to_string());
        assert_eq!(answer.status, 200, "{}", answer.body);
        spec.check("LOCATORResponseWrapper", &answer.json());
    }
    let answer = world.call(
        "POST",
        "/api/locations/v3/search/availabilities/2",
        &body.to_string(),
    );
    assert_eq!(answer.status, 400);
    spec.check("ErrorResponse", &answer.json());
}
