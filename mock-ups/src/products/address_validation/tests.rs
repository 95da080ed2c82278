//! Addresses.

use serde_json::{Value, json};

use super::AddressValidation;
use crate::testing::Call;

fn body(line: &str, city: &str, state: &str, zip: &str) -> Value {
    json!({"XAVRequest": {"AddressKeyFormat": {"AddressLine": [line],
        "PoliticalDivision2": city, "PoliticalDivision1": state,
        "PostcodePrimaryLow": zip, "CountryCode": "US"}}})
}

fn ask(path: &str, body: &Value) -> Value {
    Call::post(&format!("/api/addressvalidation/{path}"), body).json(&AddressValidation)
}

#[test]
fn known_address_is_valid_however_it_is_written() {
    for (line, state) in [
        ("26601 ALISO CREEK ROAD STE D", "CA"),
        ("26601 aliso creek rd", "cA"),
        ("26601, Aliso Creek Rd.", "ca"),
    ] {
        let answer = ask("v2/3", &body(line, "Aliso Viejo", state, "92656"));
        let answer = &answer["XAVResponse"];
        assert_eq!(answer["ValidAddressIndicator"], "", "{line}");
        assert_eq!(answer["AddressClassification"]["Description"], "Commercial");
        let address = &answer["Candidate"][0]["AddressKeyFormat"];
        assert_eq!(address["AddressLine"], json!(["26601 ALISO CREEK RD"]));
        assert_eq!(address["PostcodePrimaryLow"], "92656");
    }
}

#[test]
fn wrong_house_number_is_ambiguous_and_wrong_street_has_no_candidates() {
    let answer = ask(
        "v2/1",
        &body("5000 Market St", "San Francisco", "CA", "94103"),
    );
    assert_eq!(answer["XAVResponse"]["AmbiguousAddressIndicator"], "");
    let answer = ask(
        "v2/3",
        &body("5 Nowhere Lane", "San Francisco", "CA", "94103"),
    );
    assert_eq!(answer["XAVResponse"]["NoCandidatesIndicator"], "");
    assert_eq!(
        answer["XAVResponse"]["AddressClassification"]["Description"],
        "Unknown"
    );
    assert!(answer["XAVResponse"].get("Candidate").is_none());
}

#[test]
fn version_one_writes_objects_and_text() {
    let answer = ask("v1/1", &body("100 W 86th St", "New York", "NY", "10024"));
    let candidate = &answer["XAVResponse"]["Candidate"];
    assert_eq!(
        candidate["AddressKeyFormat"]["AddressLine"],
        "100 W 86TH ST"
    );
}

/// As recorded: the blanks, and no reference when the request had no context.
#[test]
fn answer_is_written_as_the_live_ones() {
    let call = Call::post(
        "/api/addressvalidation/v1/2",
        &body("9 Nowhere", "Albany", "NY", "12207"),
    );
    let answer = call.send(&AddressValidation).expect("its path");
    let expected: &str = concat!(
        r#"{"XAVResponse":{"Response":{"ResponseStatus":{"Code":"1", "Description":"Success"}}, "#,
        r#""AddressClassification":{"Code":"0", "Description":"Unknown"}}}"#,
    );
    assert_eq!(answer.body, expected.as_bytes());
}

#[test]
fn list_size_is_kept() {
    let many = body("150 Broadway", "New York", "NY", "");
    let sized = |size: &str| {
        let answer = ask(&format!("v2/1?maximumcandidatelistsize={size}"), &many);
        let list = answer["XAVResponse"]["Candidate"].as_array().map(Vec::len);
        list.unwrap_or(0)
    };
    assert_eq!(sized("1"), 1);
    let path = "/api/addressvalidation/v2/1?maximumcandidatelistsize=51";
    assert_eq!(Call::post(path, &many).refusal(&AddressValidation).0, 400);
}

#[test]
fn test_environment_knows_new_york_and_california_only() {
    let path = "/api/addressvalidation/v2/1";
    let georgia = body("55 Glenlake Pkwy NE", "Atlanta", "GA", "30328");
    let call = || Call::post(path, &georgia);
    assert_eq!(
        call().refusal(&AddressValidation),
        (400, "9264030".to_owned())
    );
    let answer = call().in_production().json(&AddressValidation);
    assert_eq!(answer["XAVResponse"]["ValidAddressIndicator"], "");
    let mut abroad = georgia.clone();
    abroad["XAVRequest"]["AddressKeyFormat"]["CountryCode"] = json!("DE");
    assert_eq!(Call::post(path, &abroad).refusal(&AddressValidation).0, 400);
    assert_eq!(
        Call::post("/api/addressvalidation/v2/4", &georgia)
            .refusal(&AddressValidation)
            .0,
        400
    );
}

#[test]
fn postal_code_alone_is_enough_and_names_of_states_are_not_known() {
    let zip = |zip: &str| {
        let request = json!({"AddressKeyFormat": {"PostcodePrimaryLow": zip, "CountryCode": "US"}});
        let path = "v2/1?regionalrequestindicator=True";
        ask(path, &json!({"XAVRequest": request}))["XAVResponse"].clone()
    };
    let found = &zip("90210")["Candidate"][0]["AddressKeyFormat"];
    assert_eq!(found["PoliticalDivision2"], "BEVERLY HILLS");
    assert_eq!(found["PoliticalDivision1"], "CA");
    assert_eq!(zip("00000")["NoCandidatesIndicator"], "");
    let body = body("100 W 86th St", "New York", "New York", "10024");
    let call = Call::post("/api/addressvalidation/v2/1", &body);
    assert_eq!(call.refusal(&AddressValidation).1, "9264030");
}
