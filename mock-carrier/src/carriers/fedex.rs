//! FedEx: credentials in a form, bearer tokens for an hour, one error code for bad tokens and for foreign
//! account numbers.

use crate::endpoint::{Answer, Carrier, Endpoint, Field, Issue, Place, Value, field};

const NOT_AUTHORIZED: &str = r#"{"transactionId":"4f1b5e2c-0a6d-4a8f-9a39-1d3a5a2b7c10","errors":[{"code":"NOT.AUTHORIZED.ERROR","message":"The given client credentials were not valid. Please modify your request and try again."}]}"#;

const fn form(grant_type: &'static str) -> [Field; 3] {
    [
        field(Place::Form("grant_type"), Value::Fixed(grant_type)),
        field(Place::Form("client_id"), Value::Secret("client_id")),
        field(Place::Form("client_secret"), Value::Secret("client_secret")),
    ]
}

const OWN: [Field; 3] = form("client_credentials");

const fn with_child(grant_type: &'static str) -> [Field; 5] {
    let [kind, id, secret] = form(grant_type);
    [
        kind,
        id,
        secret,
        field(Place::Form("child_Key"), Value::Secret("child_key")),
        field(Place::Form("child_secret"), Value::Secret("child_secret")),
    ]
}

const INTEGRATOR: [Field; 5] = with_child("csp_credentials");
const PARENT_CHILD: [Field; 5] = with_child("client_pc_credentials");

pub(super) static FEDEX: Carrier = Carrier {
    name: "fedex",
    secrets: &[
        ("client_id", "stand-in-client"),
        ("client_secret", "stand-in-secret"),
        ("child_key", "stand-in-child"),
        ("child_secret", "stand-in-child-secret"),
    ],
    account: "740561073",
    endpoints: &[
        Endpoint {
            name: "token",
            methods: &["POST"],
            path: "/oauth/token",
            forms: &[&OWN, &INTEGRATOR, &PARENT_CHILD],
            issues: Some(Issue {
                token: "access",
                lifetime: 3599,
                // Documented thresholds are per address and far higher than a test needs.
                quota: None,
                lifetime_at: "/expires_in",
            }),
            account: None,
            good: Answer::json(
                200,
                r#"{"access_token":"{access_token}","token_type":"bearer","expires_in":{expires_in},"scope":"CXS-TP"}"#,
            ),
            malformed: Answer::json(
                400,
                r#"{"transactionId":"4f1b5e2c-0a6d-4a8f-9a39-1d3a5a2b7c11","errors":[{"code":"BAD.REQUEST.ERROR","message":"Missing or duplicate parameters. Please modify your request and try again."}]}"#,
            ),
            refused: Answer::json(401, NOT_AUTHORIZED),
            foreign: Answer::json(401, NOT_AUTHORIZED),
            limited: Answer::json(
                429,
                r#"{"transactionId":"4f1b5e2c-0a6d-4a8f-9a39-1d3a5a2b7c12","errors":[{"code":"TOO.MANY.REQUESTS","message":"We have received too many requests. Please try again later."}]}"#,
            )
            .with(&[("retry-after", "{retry_after}")]),
        },
        Endpoint {
            name: "rates",
            methods: &["POST"],
            path: "/rate/v1/rates/quotes",
            forms: &[&[field(Place::Bearer, Value::Token("access"))]],
            issues: None,
            account: Some(Place::Json("/accountNumber/value")),
            good: Answer::json(
                200,
                r#"{"transactionId":"4f1b5e2c-0a6d-4a8f-9a39-1d3a5a2b7c13","output":{"rateReplyDetails":[{"serviceType":"FEDEX_GROUND","ratedShipmentDetails":[{"rateType":"ACCOUNT","totalBaseCharge":10.0,"totalNetCharge":12.34,"currency":"USD","shipmentRateDetail":{"rateZone":"05","surCharges":[],"taxes":[],"currency":"USD"}}],"operationalDetail":{"transitTime":"FOUR_DAYS"}}]}}"#,
            ),
            malformed: Answer::json(401, NOT_AUTHORIZED),
            refused: Answer::json(401, NOT_AUTHORIZED),
            // A good token with another customer's account number gets what a bad token gets.
            foreign: Answer::json(401, NOT_AUTHORIZED),
            limited: Answer::json(429, ""),
        },
    ],
    not_found: Answer::json(
        404,
        r#"{"transactionId":"4f1b5e2c-0a6d-4a8f-9a39-1d3a5a2b7c14","errors":[{"code":"NOT.FOUND.ERROR","message":"The resource you requested is no longer available. Please modify your request and try again."}]}"#,
    ),
};
