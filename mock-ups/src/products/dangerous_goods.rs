//! The utilities for dangerous goods, below `/api/dangerousgoods/{version}`.
//!
//! | call | what it gives |
//! |---|---|
//! | `chemicalreferencedata` | what the regulations say of a chemical, from a small [`sample`] |
//! | `acceptanceauditprecheck` | whether a shipment would be accepted, with its points under ADR |

mod audit;
mod members;
mod reference;
mod sample;

use http::Method;
use serde_json::{Value, json};

use crate::api::{ApiRequest, ApiResponse, Product};
use crate::products::context::ProductContext;
use crate::products::contract::refusal::{Codes, refused};
use crate::products::contract::{Call, Contract, Declared, Operation, Refusal, State};
use crate::products::versions::Api;

/// Nothing is remembered.
struct Stateless;

impl State for Stateless {}

const PARAMETERS: &str = "
    header transId* text 1..
    header transactionSrc* text 1..
";

static REFERENCE_DATA: Contract<Stateless> = Contract {
    first: "dangerousgoods",
    api: Api::ChemicalReferenceData,
    operations: &[Operation {
        method: Method::POST,
        path: "dangerousgoods/{version}/chemicalreferencedata",
        parameters: PARAMETERS,
        body: Some(members::REFERENCE),
        answer: reference::answer,
    }],
    is_lenient: true,
    refuse,
};

static ACCEPTANCE_AUDIT: Contract<Stateless> = Contract {
    first: "dangerousgoods",
    api: Api::AcceptanceAudit,
    operations: &[Operation {
        method: Method::POST,
        path: "dangerousgoods/{version}/acceptanceauditprecheck",
        parameters: PARAMETERS,
        body: Some(members::AUDIT),
        answer: audit::answer,
    }],
    is_lenient: true,
    refuse,
};

/// The product that knows chemicals.
pub(crate) fn reference_data(context: &ProductContext) -> Box<dyn Product> {
    Box::new(Declared::new(&REFERENCE_DATA, context, Stateless))
}

/// The product that checks shipments.
pub(crate) fn acceptance_audit(context: &ProductContext) -> Box<dyn Product> {
    Box::new(Declared::new(&ACCEPTANCE_AUDIT, context, Stateless))
}

fn refuse(_: &ApiRequest<'_>, refusal: &Refusal) -> ApiResponse {
    refusal.usual(Codes {
        missing: "9600101",
        invalid: "9600102",
        length: "9600103",
        unreadable: "9600101",
    })
}

/// Whether the caller may ask for this shipper.
fn may_use(call: &Call<'_>, number: &str) -> Result<(), Refusal> {
    match call.request.caller.is_refused(number) {
        true => Err(refused(
            "9600104",
            "The shipper number belongs to another account",
        )),
        false => Ok(()),
    }
}

/// The `Response` member.
fn response(call: &Call<'_>, root: &str) -> Value {
    let pointer = format!("/{root}/Request/TransactionReference/CustomerContext");
    let mut response = json!({"ResponseStatus": {"Code": "1", "Description": "Success"}});
    if let Some(context) = call.body.pointer(&pointer).and_then(Value::as_str) {
        response["TransactionReference"] = json!({
            "CustomerContext": context,
            "TransactionIdentifier": call.request.transaction,
        });
    }
    response
}
