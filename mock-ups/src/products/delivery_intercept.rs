//! Delivery Intercept v2: changes the delivery of a package that is on the way.
//!
//! | call | what it does |
//! |---|---|
//! | `GET …/eligibility/intercept/{number}` | what can be done with the package now |
//! | `POST …/charges/{number}` | what it costs |
//! | `POST …/willcall`, `/reschedule`, `/redirect/address`, `/return` | does it: the tracking life follows |
//! | `POST …/cancel/{number}` | takes it back |

mod change;
mod charges;
mod members;

use std::sync::Arc;

use http::{Method, StatusCode};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::api::{ApiRequest, ApiResponse, Product};
use crate::calendar::{date_number, weekday_name};
use crate::hot_settings::HotSettings;
use crate::products::context::ProductContext;
use crate::products::contract::refusal::{Codes, answered, enveloped, refused, refused_with};
use crate::products::contract::{Answer, Call, Contract, Declared, Operation, Refusal, State};
use crate::products::shipping::store::{ChangeKind, Shipment, Shipments};
use crate::products::versions::Api;

use change::{Situation, life_of};
use members::{CHANGE, CHARGES, PARAMETERS};

/// The state: the shipments, which all products share.
struct Intercepts {
    shipments: Arc<Shipments>,
    hot: Arc<HotSettings>,
}

impl State for Intercepts {}

const fn change(
    path: &'static str,
    answer: fn(&Intercepts, &Call<'_>) -> Answer,
) -> Operation<Intercepts> {
    Operation {
        method: Method::POST,
        path,
        parameters: PARAMETERS,
        body: Some(CHANGE),
        answer,
    }
}

static CONTRACT: Contract<Intercepts> = Contract {
    first: "deliveryintercept",
    api: Api::DeliveryIntercept,
    operations: &[
        Operation {
            method: Method::GET,
            path: "deliveryintercept/{version}/eligibility/intercept/{tracking_number}",
            parameters: PARAMETERS,
            body: None,
            answer: eligibility,
        },
        Operation {
            method: Method::POST,
            path: "deliveryintercept/{version}/charges/{tracking_number}",
            parameters: PARAMETERS,
            body: Some(CHARGES),
            answer: charge,
        },
        change(
            "deliveryintercept/{version}/redirect/address/{tracking_number}",
            |state, call| state.change(call, &["AA"]),
        ),
        change(
            "deliveryintercept/{version}/willcall/{tracking_number}",
            |state, call| state.change(call, &["WC", "SC"]),
        ),
        change(
            "deliveryintercept/{version}/return/{tracking_number}",
            |state, call| state.change(call, &["RS"]),
        ),
        change(
            "deliveryintercept/{version}/reschedule/{tracking_number}",
            |state, call| state.change(call, &["FD"]),
        ),
        change(
            "deliveryintercept/{version}/cancel/{tracking_number}",
            |state, call| state.change(call, &[]),
        ),
    ],
    is_lenient: false,
    refuse,
};

/// The product.
pub(crate) fn product(context: &ProductContext) -> Box<dyn Product> {
    let state = Intercepts {
        shipments: Arc::clone(&context.shipments),
        hot: Arc::clone(&context.hot),
    };
    Box::new(Declared::new(&CONTRACT, context, state))
}

/// The file has one code for whatever is wrong with the input.
const CODES: Codes = Codes::one("710");

fn refuse(call: &ApiRequest<'_>, refusal: &Refusal) -> ApiResponse {
    let error = refusal.error(CODES);
    let transaction = call.header("transid").unwrap_or_default();
    let message: String = error.message.chars().take(120).collect();
    let mut response = json!({
        "statusCode": error.status.as_str(),
        "success": false,
        "errors": [{"code": error.code, "message": message}],
    });
    // The file's identifiers have 14 characters at most, and what the client sent may be longer.
    if (1..=14).contains(&transaction.chars().count()) {
        response["transactionId"] = json!(transaction);
    }
    enveloped(error, &json!({ "response": response }))
}

impl Intercepts {
    /// Does something with the package of a call, if the caller may.
    fn with_package<T>(
        &self,
        call: &Call<'_>,
        action: impl FnOnce(&mut Shipment, usize) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let number = &call.path[0];
        let days = self.hot.current().retention_days;
        let found = self.shipments.with(number, |shipment| {
            if !shipment.is_retained(call.request.now, days) {
                return None;
            }
            let mut packages = shipment.packages.iter();
            let index = packages.position(|package| package.tracking_number == *number)?;
            if call.request.caller.is_refused(&shipment.shipper_number) {
                let text = "The package belongs to another account.";
                return Some(Err(refused_with(StatusCode::UNAUTHORIZED, "605", text)));
            }
            Some(action(shipment, index))
        });
        let unknown = || refused("0006", "The tracking number was not found.");
        found.flatten().ok_or_else(unknown)?
    }

    fn change(&self, call: &Call<'_>, types: &[&str]) -> Answer {
        let changed = self.with_package(call, |shipment, index| {
            let situation = Situation::of(shipment, index, call.request.now);
            let change = change::wanted(call, types, &situation)?;
            shipment.packages[index].changes.push(change);
            Ok(())
        });
        changed?;
        // Subscribers of events look again only if something changed.
        self.shipments.changed();
        answered(&json!({
            "transactionId": call.header("transid"),
            "statusCode": "000",
            "statusMsg": "Success",
            "subStatusCode": "",
            "success": true,
            "errors": null,
        }))
    }
}

fn charge(state: &Intercepts, call: &Call<'_>) -> Answer {
    let info = state.with_package(call, |shipment, index| {
        let life = life_of(shipment, index);
        charges::info(call, shipment, index, &life)
    })?;
    let mut response = success(call);
    response["chargeInfo"] = json!([info]);
    answered(&json!({ "response": response }))
}

/// The members of a success.
fn success(call: &Call<'_>) -> Value {
    json!({
        "transactionId": call.header("transid"),
        "statusCode": "000",
        "statusMsg": "Success",
        "success": true,
        "errors": null,
        "warnings": null,
    })
}

fn eligibility(state: &Intercepts, call: &Call<'_>) -> Answer {
    let now: Timestamp = call.request.now;
    let features = state.with_package(call, |shipment, index| {
        let situation = Situation::of(shipment, index, now);
        let features = change::FEATURES.iter().map(|(feature, kind)| {
            let mut value = json!({
                "createEligibility": eligible(situation.can_create(*kind)),
                "modifyEligibility": eligible(situation.can_modify(*kind)),
                "cancelEligibility": eligible(situation.can_cancel(*kind)),
            });
            match kind {
                ChangeKind::Reschedule => {
                    let days = situation.days_to_choose().into_iter().map(|day| {
                        json!({
                            "date": date_number(day).to_string(),
                            "dayOfWeekText": weekday_name(day),
                            "dayOfWeekNumber": format!("{:02}", day.weekday().to_sunday_one_offset()),
                        })
                    });
                    value["dateOptionsforFutureDelivery"] = days.collect();
                }
                ChangeKind::Return => {
                    let reasons = change::REASONS.iter();
                    value["reasonOptionsForRTS"] =
                        reasons.map(|(id, text)| json!({"id": id, "value": text})).collect();
                }
                ChangeKind::WillCall
                | ChangeKind::SameDayWillCall
                | ChangeKind::Redirect
                | ChangeKind::Cancel => {}
            }
            json!({"interceptFeature": feature, "eligibilityValue": value})
        });
        Ok(features.collect::<Vec<Value>>())
    })?;
    let mut response = success(call);
    response["commonEligibilityMap"] = json!(features);
    answered(&json!({ "response": response }))
}

const fn eligible(is: bool) -> &'static str {
    match is {
        true => "ELIGIBLE",
        false => "NOT_ELIGIBLE",
    }
}
