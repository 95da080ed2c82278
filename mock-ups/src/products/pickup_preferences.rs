//! Pickup notification preferences: `/api/digital-experience/preferences/{version}/account-pickup`.
//!
//! What was put for an account is what the next call gets.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::api::Product;
use crate::products::context::ProductContext;
use crate::products::contract::ledger::Ledger;
use crate::products::contract::refusal::{
    Codes, answered, enveloped, plain, refused_field, refused_with,
};
use crate::products::contract::{Answer, Call, Contract, Declared, Operation, Refusal, State};
use crate::products::versions::Api;

/// What is kept of an account.
struct Preferences {
    version: i64,
    body: Value,
}

#[derive(Default)]
struct Accounts(Ledger<Preferences>);

impl State for Accounts {
    fn reset(&self) {
        self.0.clear();
    }
}

/// The account numbers of the mock have letters, which the file's pattern does not allow.
const PARAMETERS: &str = "
    header UUID token 36
    header transId* text 3..50
    header transactionSrc* token 3..36
    query account_number* alphanumeric 6..10
";

const MEMBERS: &str = "
@indicators
  dayOfPickupInd* flag
  dayBeforePickupInd* flag
  preArrivalInd* flag
  pickupUpdateInd* flag
  pickupCompleteInd* flag
  pickupCancellationInd* flag
  enrollmentConfirmationInd* flag
  smartPickupCutOffNotificationTimeInd* flag
  smartPickupTriggerWarningInd* flag
  smartPickupTriggerNotificationInd* flag
  smartPickupTriggerCancellationInd* flag
  pickupIncompleteNotificationInd* flag
  pickupDelayedInd* flag
locale* locale
emails each ..100 email ..254
notificationIndicators* object
  email object @indicators
  sms object @indicators
";

static CONTRACT: Contract<Accounts> = Contract {
    first: "digital-experience",
    api: Api::PickupPreferences,
    operations: &[
        Operation {
            method: Method::GET,
            path: "digital-experience/preferences/{version}/account-pickup",
            parameters: PARAMETERS,
            body: None,
            answer: get,
        },
        Operation {
            method: Method::PUT,
            path: "digital-experience/preferences/{version}/account-pickup",
            parameters: PARAMETERS,
            body: Some(MEMBERS),
            answer: put,
        },
    ],
    is_lenient: false,
    refuse: |_, refusal| {
        let error = refusal.error(Codes::one("PREF-400"));
        // The file allows no dots in messages.
        let entry = json!({"code": error.code, "message": plain(&error.message)});
        enveloped(error, &json!({"response": {"errors": [entry]}}))
    },
};

/// The product.
pub(crate) fn product(context: &ProductContext) -> Box<dyn Product> {
    Box::new(Declared::new(&CONTRACT, context, Accounts::default()))
}

fn not_found(text: &'static str) -> Refusal {
    refused_with(StatusCode::NOT_FOUND, "PREF-404", text)
}

/// The account of a call, in capital letters.
fn account(call: &Call<'_>) -> Result<String, Refusal> {
    let number = call.query("account_number").to_ascii_uppercase();
    if call.is_strict && !number.bytes().all(|byte| byte.is_ascii_digit()) {
        let text = "The file allows digits only in account_number";
        return Err(refused_field("PREF-400", text, "account_number"));
    }
    match call.request.caller.is_refused(&number) {
        true => Err(not_found("The account was not found for the user")),
        false => Ok(number),
    }
}

fn answer(call: &Call<'_>, message: &str, payload: &Value) -> Answer {
    answered(&json!({
        "statusMessage": message,
        "timeStamp": call.request.now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        "payload": payload,
    }))
}

fn shown(account: &str, preferences: &Preferences) -> Value {
    let mut shown = preferences.body.clone();
    shown["accountNumber"] = json!(account);
    shown["versionNumber"] = json!(preferences.version);
    shown
}

fn get(state: &Accounts, call: &Call<'_>) -> Answer {
    let account = account(call)?;
    let found = state
        .0
        .with(&account, |preferences| shown(&account, preferences));
    let found = found.ok_or_else(|| not_found("The account has no pickup preferences"))?;
    answer(call, "Success", &json!([found]))
}

/// The indicators of both ways, without what the file does not name.
fn indicators(sent: &Value) -> Value {
    let ways = ["email", "sms"].into_iter().filter_map(|way| {
        let flags = sent.get(way)?.as_object()?.iter();
        let flags =
            flags.filter(|(name, flag)| MEMBERS.contains(name.as_str()) && flag.is_boolean());
        let flags = flags.map(|(name, flag)| (name.clone(), flag.clone()));
        Some((way.to_owned(), Value::Object(flags.collect())))
    });
    Value::Object(ways.collect())
}

fn put(state: &Accounts, call: &Call<'_>) -> Answer {
    let account = account(call)?;
    let preferences = Preferences {
        // Grows with each change, as a time does.
        version: call.request.now.as_millisecond(),
        body: json!({
            "locale": call.body["locale"],
            "emails": call.body.get("emails").cloned().unwrap_or_else(|| json!([])),
            "notificationIndicators": indicators(&call.body["notificationIndicators"]),
        }),
    };
    let payload = shown(&account, &preferences);
    state.0.insert(&account, preferences);
    answer(call, "Success", &payload)
}
