//! What can be entered elsewhere: short lists.

use serde_json::{Value, json};

use super::price::{self, ABROAD, SERVICES};
use super::records::Forwarding;
use crate::calendar;
use crate::places::{Code2, city_of, country_name, state_of_zip};
use crate::products::contract::refusal::{answered, refused_field};
use crate::products::contract::{Answer, Call};

/// Code, name, sign.
const CURRENCIES: [(&str, &str, &str); 6] = [
    ("CAD", "Canadian Dollar", "$"),
    ("CNY", "Chinese Yuan", "¥"),
    ("EUR", "Euro", "€"),
    ("GBP", "Pound Sterling", "£"),
    ("JPY", "Japanese Yen", "¥"),
    ("USD", "United States Dollar", "$"),
];

const COUNTRIES: [&str; 12] = [
    "AU", "CA", "CN", "DE", "FR", "GB", "IT", "JP", "MX", "NL", "PL", "US",
];

/// Country, city, code, postal code, state.
const AIRPORTS: [(&str, &str, &str, &str, &str); 8] = [
    ("US", "New York", "JFK", "11430", "NY"),
    ("US", "Los Angeles", "LAX", "90045", "CA"),
    ("US", "Louisville", "SDF", "40209", "KY"),
    ("US", "Atlanta", "ATL", "30320", "GA"),
    ("DE", "Cologne", "CGN", "51147", "NW"),
    ("GB", "East Midlands", "EMA", "DE742SA", ""),
    ("CN", "Shanghai", "PVG", "201202", "SH"),
    ("CA", "Hamilton", "YHM", "L0R1W0", "ON"),
];

pub(super) fn currencies(_: &Forwarding, _: &Call<'_>) -> Answer {
    let list = CURRENCIES.map(|(code, name, symbol)| {
        json!({"currencyCode": code, "currencyName": name, "currencySymbol": symbol})
    });
    answered(&json!({"currencies": list, "message": "Currencies retrieved successfully."}))
}

pub(super) fn countries(_: &Forwarding, _: &Call<'_>) -> Answer {
    let list = COUNTRIES.iter().filter_map(|code| {
        let known = Code2::parse(code)?;
        Some(json!({"countryCode": code, "countryName": country_name(&known)}))
    });
    let list: Vec<Value> = list.collect();
    answered(&json!({"countries": list, "message": "Countries retrieved successfully."}))
}

pub(super) fn airports(_: &Forwarding, call: &Call<'_>) -> Answer {
    let country = call.query("country_code");
    let found = AIRPORTS.iter().filter(|airport| airport.0 == country);
    let found = found.map(|(_, city, code, postal, state)| {
        json!({
            "city": city,
            "airportCode": code,
            "postalCode": postal,
            "stateProvince": state,
        })
    });
    answered(&json!({"response": {"airportDetails": found.collect::<Vec<Value>>()}}))
}

pub(super) fn cities(_: &Forwarding, call: &Call<'_>) -> Answer {
    let [country, city, postal] = ["country", "city", "postal"].map(|name| call.query(name));
    let is_near = ["US", "CA"].contains(&country.as_str());
    if is_near && postal.is_empty() {
        return Err(refused_field("FWD-400", "Missing postal", "postal"));
    }
    if !is_near && city.is_empty() {
        return Err(refused_field("FWD-400", "Missing city", "city"));
    }
    let state = match country.as_str() {
        "US" => state_of_zip(&postal),
        _ => String::new(),
    };
    let known = city_of(&postal)
        .filter(|_| country == "US")
        .map(str::to_owned);
    let mut detail = json!({
        "stateProvinceCode": if state.is_empty() { Value::Null } else { json!(state) },
        "standardService": "GND",
    });
    // A small town of which only the ZIP code is known has no name here.
    if let Some(name) = known.or_else(|| Some(city).filter(|city| !city.is_empty())) {
        detail["cityName"] = json!(name);
    }
    answered(&json!({"response": {"cityDetails": [detail]}}))
}

pub(super) fn payment_types(_: &Forwarding, call: &Call<'_>) -> Answer {
    let or = |name: &str, default: &str| match call.query(name).as_str() {
        "" => default.to_owned(),
        sent => sent.to_owned(),
    };
    let [origin, destination] =
        ["origin_country_code", "destination_country_code"].map(|name| call.query(name));
    let entry = |code: &str, kind: &str, description: &str| {
        json!({
            "code": code,
            "type": kind,
            "description": description,
            "incoTermCode": or("incoterm_code", "CIP"),
            "movementTypeCode": or("movement_type_code", "DTD"),
            "serviceGroupName": if origin == destination { "NAAF" } else { "IAF" },
            "serviceLine": or("service_line", "AIR"),
        })
    };
    answered(&json!({
        "shipper": entry("PPD", "SHPR", "Invoice to the shipper"),
        "consignee": entry("COL", "CONS", "Invoice to the consignee"),
        "thirdParty": entry("OTH/CON", "THRD", "Invoice to a third party"),
        "message": "Payment types retrieved successfully.",
    }))
}

pub(super) fn service_types(_: &Forwarding, call: &Call<'_>) -> Answer {
    let from = call.query("shipper_country_code");
    if from.is_empty() && call.query("shipper_account_number").is_empty() {
        let text = "Missing shipper_country_code or shipper_account_number";
        return Err(refused_field("FWD-400", text, "shipper_country_code"));
    }
    // The accounts of the mock are at home in the United States.
    let from = if from.is_empty() { "US" } else { &from };
    let is_abroad = call.query("consignee_country_code") != from;
    let fits = SERVICES
        .iter()
        .filter(|service| ABROAD.contains(&service.code) == is_abroad);
    let types: Vec<Value> = fits
        .map(|service| json!({"code": service.code, "description": service.name}))
        .collect();
    answered(&json!({"response": {"serviceTypes": types}}))
}

pub(super) fn accessorials(_: &Forwarding, call: &Call<'_>) -> Answer {
    let mut codes = vec!["DLV", "DV"];
    if price::is_abroad(&call.body) {
        codes.extend(["CC", "CV", "DDU", "DDP"]);
    }
    if call.text("/consignee/isResidential") == "Y" {
        codes.push("LIFTGT");
    }
    let codes: Vec<Value> = codes
        .into_iter()
        .map(|code| json!({ "code": code }))
        .collect();
    let terms = [("SHPR", "PPD"), ("CONS", "COL"), ("THRD", "OTH/CON")];
    let terms = terms.map(|(kind, code)| json!({"type": kind, "code": code}));
    let wanted = price::pickup_day(call, call.text("/pickupDateTime"));
    let today = jiff::tz::TimeZone::UTC.to_datetime(call.request.now).date();
    // Today is too late for a pickup.
    let next = wanted.max(calendar::business_day_from(calendar::next_day(today)));
    answered(&json!({"response": {
        "accessorials": codes,
        "paymentTerms": terms,
        "nextAvailPUDate": next.to_string(),
    }}))
}
