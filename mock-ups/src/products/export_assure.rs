//! Export Assure: `POST /api/brokerage/{version}/importexport/exportassure`.
//!
//! Three evaluations of a shipment across a border, each where it is asked for: whether the descriptions are good
//! enough, whether a power of attorney is needed, and which rules apply. The rules are a few made-up ones that depend
//! on the goods, their value and the countries.

mod members;
mod rules;

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::api::{ApiRequest, ApiResponse, Product};
use crate::products::context::ProductContext;
use crate::products::contract::refusal::{Codes, enveloped, plain, refused_field};
use crate::products::contract::{Answer, Call, Contract, Declared, Operation, Refusal, State};
use crate::products::versions::Api;

struct Stateless;

impl State for Stateless {}

static CONTRACT: Contract<Stateless> = Contract {
    first: "brokerage",
    api: Api::ExportAssure,
    operations: &[Operation {
        method: Method::POST,
        path: "brokerage/{version}/importexport/exportassure",
        parameters: "
            header accountNumber alphanumeric ..10
            header transactionSrc* text 1..
        ",
        body: Some(members::REQUEST),
        answer,
    }],
    is_lenient: false,
    refuse,
};

/// The product.
pub(crate) fn product(context: &ProductContext) -> Box<dyn Product> {
    Box::new(Declared::new(&CONTRACT, context, Stateless))
}

const CODES: Codes = Codes {
    missing: "EA-300",
    invalid: "EA-301",
    length: "EA-302",
    unreadable: "EA-303",
};

fn refuse(call: &ApiRequest<'_>, refusal: &Refusal) -> ApiResponse {
    let error = refusal.error(CODES);
    let mut entry = json!({
        "code": error.code,
        "description": refusal.description(),
        // The file allows no dots and brackets in messages.
        "message": plain(&error.message),
    });
    if !refusal.field().is_empty() {
        entry["field"] = json!(refusal.field());
    }
    let body = json!({"response": {"errors": [entry]}, "perfStats": statistics(call)});
    enveloped(error, &body)
}

fn statistics(call: &ApiRequest<'_>) -> Value {
    let now = call.now.to_string();
    json!({"absLayerTime": "12", "fulfillTime": now, "receiptTime": now})
}

fn answer(_: &Stateless, call: &Call<'_>) -> Answer {
    let account = call.header("accountnumber");
    if call.request.caller.is_refused(account) {
        let text = "The account belongs to another account";
        return Err(refused_field("EA-310", text, "accountNumber"));
    }
    let asks = |name: &str| call.body[name] == true;
    let import = call.text("/shipment/importCountryCode");
    if import.eq_ignore_ascii_case(call.text("/shipment/exportCountryCode")) {
        let text = "The import and the export country are the same";
        return Err(refused_field("EA-311", text, "shipment.importCountryCode"));
    }
    let wants_rules = asks("evaluateImportExportRequirements")
        || asks("evaluateAdvancedImportExportRequirements");
    let items = call.items("/shipment/shipmentItems");
    let items: Vec<Value> = items
        .iter()
        .map(|item| rules::item(item, import, asks("evaluateDescriptions"), wants_rules))
        .collect();
    let has_warnings = items.iter().any(rules::has_warning);
    let mut shipment = json!({
        "id": call.text("/shipment/id"),
        "hasCommodityWarnings": has_warnings,
        "shipmentItems": items,
    });
    let described = call.text("/shipment/shipmentDescription");
    if asks("evaluateDescriptions") && !described.is_empty() {
        shipment["descriptionGuidance"] = rules::guidance(described);
    }
    if wants_rules {
        shipment["importExportCompliance"] = rules::compliance(call, has_warnings);
    }
    let mut partial = None;
    if asks("evaluatePoaRequirements") {
        match rules::power_of_attorney(call) {
            Some(needs) => shipment["poaCompliance"] = needs,
            None => {
                partial = Some(json!({
                    "code": "EA-320",
                    "description": "VALUE_REQUIRED",
                    "message": "The importer or the exporter cannot be identified",
                    "field": "shipment.importerAccountNumber",
                    "type": "POA",
                }));
            }
        }
    }
    let mut body = json!({
        "transID": call.text("/transID"),
        "shipment": shipment,
        "perfStats": statistics(call.request),
    });
    // One evaluation that fails takes the others with it no more than UPS says: 207 has both.
    let status = match partial {
        Some(error) => {
            body["response"] = json!({"errors": [error]});
            StatusCode::MULTI_STATUS
        }
        None => StatusCode::OK,
    };
    Ok(ApiResponse::json(body.to_string()).with_status(status))
}
