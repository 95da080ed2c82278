//! PINs of protected deliveries: `/api/pin-mgmt-sys/{version}/pins`.
//!
//! Each package that the mock shipped has a PIN, which depends on its number. A token stands for a PIN.

use std::sync::Arc;

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::api::Product;
use crate::hot_settings::HotSettings;
use crate::products::context::ProductContext;
use crate::products::contract::ledger::{Ledger, digest, draw};
use crate::products::contract::refusal::{Codes, answered, refused, refused_with};
use crate::products::contract::{Answer, Call, Contract, Declared, Operation, Refusal, State};
use crate::products::shipping::store::Shipments;
use crate::products::versions::Api;

/// The state: PINs by token, and the shipments that all products share.
struct Pins {
    tokens: Ledger<String>,
    shipments: Arc<Shipments>,
    hot: Arc<HotSettings>,
}

impl State for Pins {
    fn reset(&self) {
        self.tokens.clear();
    }
}

static CONTRACT: Contract<Pins> = Contract {
    first: "pin-mgmt-sys",
    api: Api::DeliveryPin,
    operations: &[
        Operation {
            method: Method::POST,
            path: "pin-mgmt-sys/{version}/pins/token",
            parameters: "
                header transID* text 1..
                header transactionSrc* text 1..
            ",
            body: Some("pin* digits 4..6"),
            answer: make_token,
        },
        Operation {
            method: Method::GET,
            path: "pin-mgmt-sys/{version}/pins/token",
            parameters: "
                header X-UserToken* text 1..
                header transID* text 1..
                header transactionSrc* text 1..
            ",
            body: None,
            answer: pin_of_token,
        },
        Operation {
            method: Method::POST,
            path: "pin-mgmt-sys/{version}/pins/retrieve",
            parameters: "
                header transID* text 1..
                header transactionSrc* text 1..
            ",
            body: Some("trackingNumbers* each 1..100 tracking-number"),
            answer: retrieve,
        },
        Operation {
            method: Method::GET,
            path: "pin-mgmt-sys/{version}/pins/epra",
            parameters: "
                query action text
                header trackingNumber* tracking-number
                header epra text
                header transID* text 1..
                header transactionSrc* text 1..
            ",
            body: None,
            answer: release_code,
        },
    ],
    is_lenient: false,
    refuse: |_, refusal| {
        refusal.bare(Codes {
            missing: "PIN-400",
            invalid: "PIN-401",
            length: "PIN-402",
            unreadable: "PIN-403",
        })
    },
};

/// The product.
pub(crate) fn product(context: &ProductContext) -> Box<dyn Product> {
    let state = Pins {
        tokens: Ledger::default(),
        shipments: Arc::clone(&context.shipments),
        hot: Arc::clone(&context.hot),
    };
    Box::new(Declared::new(&CONTRACT, context, state))
}

fn make_token(state: &Pins, call: &Call<'_>) -> Answer {
    let pin = call.text("/pin");
    let number = state.tokens.next_number();
    let token = digest(&format!("{} {number}", call.request.caller.user), 40);
    state.tokens.insert(&token, pin.to_owned());
    answered(&json!({ "token": token }))
}

fn pin_of_token(state: &Pins, call: &Call<'_>) -> Answer {
    let pin = state
        .tokens
        .with(call.header("x-usertoken"), |pin| pin.clone());
    let unknown = || not_found("The token was not found.");
    answered(&json!({"pin": pin.ok_or_else(unknown)?}))
}

fn not_found(text: &'static str) -> Refusal {
    refused_with(StatusCode::NOT_FOUND, "PIN-404", text)
}

impl Pins {
    /// Whether the package is known, and one of the caller's.
    fn check(&self, call: &Call<'_>, number: &str) -> Result<(), Refusal> {
        let days = self.hot.current().retention_days;
        let shipper = self.shipments.with(number, |shipment| {
            let is_kept = shipment.is_retained(call.request.now, days);
            is_kept.then(|| shipment.shipper_number.clone())
        });
        let shipper = shipper.flatten();
        let unknown = || not_found("The tracking number was not found.");
        match call
            .request
            .caller
            .is_refused(&shipper.ok_or_else(unknown)?)
        {
            true => Err(refused_with(
                StatusCode::FORBIDDEN,
                "PIN-405",
                "The package belongs to another account.",
            )),
            false => Ok(()),
        }
    }
}

fn retrieve(state: &Pins, call: &Call<'_>) -> Answer {
    let numbers = call
        .items("/trackingNumbers")
        .iter()
        .filter_map(Value::as_str);
    let results = numbers.map(|number| {
        state.check(call, number)?;
        let pin = format!("{:04}", draw(number, 10_000));
        Ok(json!({"trackingNumber": number, "pin": pin}))
    });
    let results: Vec<Value> = results.collect::<Result<_, Refusal>>()?;
    answered(&json!({ "results": results }))
}

/// The release code of the package, and whether the caller's is the same.
fn release_code(state: &Pins, call: &Call<'_>) -> Answer {
    let number = call.header("trackingnumber");
    state.check(call, number)?;
    let action = call.query("action");
    if !["", "get", "match"].contains(&&*action.to_lowercase()) {
        let text = "The action is not known. The mock knows get and match.";
        return Err(refused("PIN-406", text));
    }
    let code = digest(number, 6).to_uppercase();
    let sent = call.header("epra");
    answered(&json!({"response": {
        "epraCode": code,
        "epraRequired": "Yes",
        "epraMatch": if sent.eq_ignore_ascii_case(&code) { "Yes" } else { "No" },
        "epraKiala": "N/A",
    }}))
}
