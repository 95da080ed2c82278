//! Commerce Guard: `POST /api/commerce-guard/{version}/verify`.
//!
//! Scores the risk of an order. The scores depend on the order only: the same order gets the same scores. An order
//! whose e-mail begins with `reject` or `review` gets that decision, so that a client can be tried.

use http::Method;
use serde_json::{Value, json};

use crate::api::Product;
use crate::products::context::ProductContext;
use crate::products::contract::ledger::draw;
use crate::products::contract::refusal::{Codes, answered};
use crate::products::contract::{Answer, Call, Contract, Declared, Operation, State};
use crate::products::versions::Api;

struct Stateless;

impl State for Stateless {}

const MEMBERS: &str = "
@contact
  name* object
    firstName* text 1..64
    lastName* text 1..64
  phone* object
    countryCode* digits 1..4
    number* digits 10
  address* object
    addressLine* each 1..3 text 1..128
    city* text 1..64
    stateProvinceCode* text 2
    postalCode* zip 5..10
    countryCode* upper 2
userInformation* object
  email* email 5..256
  ipAddress* ip-address 7..45
billingContact* object @contact
shippingContact* object @contact
paymentInformation? object
  txnId text 1..64
  method text 1..32
  issuerIdNumber integer 1..999999
  lastDigits integer 0..9999
  issuer text 1..32
products* list 1..999
  sku* text 1..64
  name* text 1..128
orderValue* number 0..1000000
currencyCode* upper 3
orderId* text 1..64
orderCreatedAt* timestamp 24
";

static CONTRACT: Contract<Stateless> = Contract {
    first: "commerce-guard",
    api: Api::CommerceGuard,
    operations: &[Operation {
        method: Method::POST,
        path: "commerce-guard/{version}/verify",
        parameters: "
            header partnerId* text 1..64
            header transSrc text 1..36
            header transId token 3..36
        ",
        body: Some(MEMBERS),
        answer,
    }],
    is_lenient: false,
    // The file lists the codes.
    refuse: |_, refusal| {
        refusal.usual(Codes {
            missing: "MISSING_FIELD",
            invalid: "INVALID_FIELD",
            length: "INVALID_FIELD",
            unreadable: "INVALID_REQUEST",
        })
    },
};

/// The product.
pub(crate) fn product(context: &ProductContext) -> Box<dyn Product> {
    Box::new(Declared::new(&CONTRACT, context, Stateless))
}

/// From here on an order is looked at, and from here on refused.
const REVIEW: u64 = 600;
const REJECT: u64 = 800;

fn answer(_: &Stateless, call: &Call<'_>) -> Answer {
    let email = call.text("/userInformation/email");
    let billing = &call.body["billingContact"]["address"];
    let shipping = &call.body["shippingContact"]["address"];
    // Up to 400 by chance; what is odd about the order adds to it.
    let chance = |what: &str| draw(what, 400);
    let address = chance(&shipping.to_string()) + if billing == shipping { 0 } else { 250 };
    let identity = chance(email);
    let proxy = chance(call.text("/userInformation/ipAddress"));
    let value = call.body["orderValue"].as_f64().unwrap_or(0.0);
    let payment = chance(&call.body["paymentInformation"].to_string())
        + if call.body["paymentInformation"].is_object() {
            0
        } else {
            200
        }
        + if value > 1_000.0 { 200 } else { 0 };
    let mut total = (address + identity + proxy + payment) / 4;
    if email.starts_with("reject") {
        total = total.max(REJECT);
    } else if email.starts_with("review") {
        total = total.clamp(REVIEW, REJECT - 1);
    }
    let decision = match total {
        REJECT.. => "reject",
        REVIEW.. => "review",
        _ => "undecided",
    };
    answered(&json!({
        "superScore": total.min(999),
        "decision": decision,
        "categoryScores": {
            "addressReliabilityScore": score(address),
            "digitalIdentityScore": score(identity),
            "proxyScore": score(proxy),
            "paymentReliabilityScore": score(payment),
        },
    }))
}

fn score(points: u64) -> Value {
    let rank = match points {
        0..100 => "no_risk",
        100..400 => "low",
        400..700 => "medium",
        _ => "high",
    };
    json!({"score": points.min(999), "rank": rank})
}
