//! Whole calls against [`Rating`](super::Rating), without a server.

mod alerts;
mod errors;
mod oracle;
mod properties;
mod shape;

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Method};
use serde_json::{Value, json};

use super::{Rating, Tariff};
use crate::api::{AccountView, ApiRequest, ApiResponse, Caller, Environment, Product as _};

/// Monday, noon.
const NOW: &str = "2024-03-04T12:00:00Z";

/// The seeded merchant: one qualified account, one that is not.
fn caller() -> Caller {
    let account = |number: &str, negotiated_rates, discount_per_mille| AccountView {
        number: number.into(),
        negotiated_rates,
        discount_per_mille,
    };
    Caller {
        own_numbers_only: false,
        known_numbers: Arc::default(),
        client_id: "mock-client".into(),
        user: "merchant".into(),
        accounts: [account("A1B2C3", true, 250), account("D4E5F6", false, 0)].into(),
    }
}

/// A product with one of the bundled tariffs.
fn rating(tariff: &str) -> Rating {
    Rating::new(Arc::new(Tariff::bundled(tariff).expect("bundled")))
}

/// Sends a body to a path below `/api/rating/`; the path may have a query.
fn send(rating: &Rating, path: &str, body: impl Into<Bytes>) -> ApiResponse {
    let (path, query) = match path.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (path, None),
    };
    let full = format!("/api/rating/{path}");
    let segments: Vec<&str> = full.split('/').skip(2).collect();
    let request = ApiRequest {
        method: &Method::POST,
        path: &full,
        segments: &segments,
        query,
        headers: &HeaderMap::new(),
        body: &body.into(),
        caller: &caller(),
        environment: Environment::Cie,
        now: NOW.parse().expect("a time"),
        transaction: "ciewssoas0000000000000",
    };
    rating.answer(&request).expect("the path is rating's")
}

/// The JSON of an answer that must be a success.
fn rated(rating: &Rating, path: &str, body: &Value) -> Value {
    let answer = send(rating, path, body.to_string());
    let text = std::str::from_utf8(&answer.body).expect("text");
    assert_eq!(answer.status, 200, "{text}");
    assert!(answer.error.is_none(), "{text}");
    serde_json::from_str(text).expect("JSON")
}

/// Code and text of an answer that must be an error.
fn refused(rating: &Rating, path: &str, body: &Value) -> (String, String) {
    let answer = send(rating, path, body.to_string());
    assert_eq!(answer.status, 400, "{body}");
    let error = answer.error.expect("an error");
    (error.code.into_owned(), error.message.into_owned())
}

/// A shipment between two ZIP codes.
fn request(from: (&str, &str), to: (&str, &str), packages: Value) -> Value {
    json!({"RateRequest": {
        "Request": {"SubVersion": "2409"},
        "Shipment": {
            "Shipper": {"ShipperNumber": "A1B2C3", "Address": {
                "PostalCode": from.1, "StateProvinceCode": from.0, "CountryCode": "US"}},
            "ShipTo": {"Address": {
                "PostalCode": to.1, "StateProvinceCode": to.0, "CountryCode": "US"}},
            "Package": packages,
        }
    }})
}

/// A package of so many pounds.
fn package(pounds: &str) -> Value {
    json!({
        "PackagingType": {"Code": "02"},
        "PackageWeight": {"UnitOfMeasurement": {"Code": "LBS"}, "Weight": pounds},
    })
}

/// The usual request: five pounds from North Carolina to Florida.
fn usual() -> Value {
    request(("NC", "27703"), ("FL", "32821"), package("5"))
}

/// Sets a member of the shipment.
fn with(mut body: Value, pointer: &str, value: Value) -> Value {
    let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
    let parent = format!("/RateRequest/Shipment{parent}");
    let object = body.pointer_mut(&parent).and_then(Value::as_object_mut);
    object.expect("an object").insert(key.to_owned(), value);
    body
}

/// Asks for one service.
fn by(body: Value, service: &str) -> Value {
    with(body, "/Service", json!({"Code": service}))
}

/// The rated shipment of a service in a Shop answer.
fn of_service<'v>(answer: &'v Value, service: &str) -> &'v Value {
    let rated = &answer["RateResponse"]["RatedShipment"];
    let all = rated
        .as_array()
        .map_or_else(|| std::slice::from_ref(rated), Vec::as_slice);
    all.iter()
        .find(|rated| rated["Service"]["Code"] == service)
        .unwrap_or_else(|| panic!("no {service} in {answer}"))
}

/// A money value in cents.
fn cents(value: &Value) -> i64 {
    let text = value
        .as_str()
        .unwrap_or_else(|| panic!("money, not {value}"));
    text.replace('.', "").parse().expect("money")
}
