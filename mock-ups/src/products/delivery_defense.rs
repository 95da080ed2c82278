//! DeliveryDefense: `POST /api/deliverydefense/external/v1.0/address/score`.
//!
//! How likely a parcel is lost at an address, from 100 (likely) to 1000. The score depends on the address only. An
//! address whose ZIP code is not of its state has no score: 204.

use http::{Method, StatusCode};
use serde_json::json;

use crate::api::{ApiRequest, ApiResponse, Product};
use crate::places::state_of_zip;
use crate::products::context::ProductContext;
use crate::products::contract::ledger::{digest, draw};
use crate::products::contract::refusal::{Broken, Codes, Violation, answered, enveloped};
use crate::products::contract::{Answer, Call, Contract, Declared, Operation, Refusal, State};
use crate::products::versions::Api;

struct Stateless;

impl State for Stateless {}

const MEMBERS: &str = "
street* text 1..
city* text 1..
state* text 1..
zipCode* zip
";

static CONTRACT: Contract<Stateless> = Contract {
    first: "deliverydefense",
    api: Api::DeliveryDefense,
    operations: &[Operation {
        method: Method::POST,
        path: "deliverydefense/external/v1.0/address/score",
        parameters: "",
        body: Some(MEMBERS),
        answer,
    }],
    is_lenient: false,
    refuse,
};

/// The product.
pub(crate) fn product(context: &ProductContext) -> Box<dyn Product> {
    Box::new(Declared::new(&CONTRACT, context, Stateless))
}

/// The problem document that the file shows.
fn refuse(call: &ApiRequest<'_>, refusal: &Refusal) -> ApiResponse {
    let error = refusal.error(Codes::one("400"));
    let name = match refusal.field() {
        "" => "$".to_owned(),
        "zipCode" => "ZipCode".to_owned(),
        field => {
            let (first, rest) = field.split_at(field.chars().next().map_or(0, char::len_utf8));
            first.to_uppercase() + rest
        }
    };
    let message = match refusal {
        Refusal::Violation(Violation {
            broken: Broken::Missing | Broken::Length,
            ..
        }) => {
            format!("The {name} field is required.")
        }
        Refusal::Violation(_) => format!("Invalid {name}."),
        Refusal::Unreadable
        | Refusal::Indigestible
        | Refusal::Known(_)
        | Refusal::Stated { .. } => error.message.to_string(),
    };
    let trace = digest(call.transaction, 32);
    let body = json!({
        "type": "https://tools.ietf.org/html/rfc7231#section-6.5.1",
        "title": "One or more validation errors occurred.",
        "status": error.status.as_u16(),
        "traceId": format!("00-{trace}-{}-00", digest(&trace, 16)),
        "errors": {name: [message]},
    });
    enveloped(error, &body)
}

fn answer(_: &Stateless, call: &Call<'_>) -> Answer {
    let part = |name: &str| call.text(name).trim().to_uppercase();
    let (street, city) = (part("/street"), part("/city"));
    let (state, zip) = (part("/state"), part("/zipCode"));
    if !state_of_zip(&zip).eq_ignore_ascii_case(&state) {
        return Ok(ApiResponse::json("").with_status(StatusCode::NO_CONTENT));
    }
    let address = format!("{street}, {city}, {state} {zip}");
    let is_flat = street
        .split([' ', '.'])
        .any(|word| ["APT", "UNIT", "#"].contains(&word));
    // Parcels get lost in houses with many doors.
    let score = match is_flat {
        true => 100 + draw(&address, 600),
        false => 500 + draw(&address, 501),
    };
    let is_business = street
        .split(' ')
        .any(|word| ["STE", "SUITE", "BLVD", "PLAZA"].contains(&word));
    answered(&json!({
        "status": {"message": "Success"},
        "data": {
            "address": address,
            "street": street,
            "city": city,
            "state": state,
            "zipCode": zip,
            "country": "US",
            "score": score,
            "resiComFlag": if is_business { "Commercial" } else { "Residential" },
        },
    }))
}
