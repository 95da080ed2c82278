//! Carriers without a login: an API key in a header field, and a signature of every request.

use crate::endpoint::{Answer, Carrier, Endpoint, Place, Value, field};

const SECRETS: &[(&str, &str)] = &[
    ("client_id", "stand-in-client"),
    ("client_secret", "stand-in-secret"),
];

const REFUSED: Answer = Answer::json(
    401,
    r#"{"title":"Unauthorized","status":401,"detail":"Unauthorized for given resource."}"#,
);
const LIMITED: Answer = Answer::json(
    429,
    r#"{"title":"Too Many Requests","status":429,"detail":"Too many requests within defined time period, please try again later."}"#,
)
.with(&[("retry-after", "{retry_after}")]);
const NOT_FOUND: Answer = Answer::json(
    404,
    r#"{"title":"No result found","status":404,"detail":"No shipment with given tracking number found."}"#,
);

/// As DHL's unified tracking has it.
pub(super) static STATIC_HEADER: Carrier = Carrier {
    name: "static-header",
    secrets: SECRETS,
    account: "42",
    endpoints: &[Endpoint {
        name: "track",
        methods: &["GET"],
        path: "/track/shipments",
        forms: &[&[field(
            Place::Header("dhl-api-key"),
            Value::Secret("client_secret"),
        )]],
        issues: None,
        account: None,
        good: Answer::json(
            200,
            r#"{"shipments":[{"id":"1","status":{"statusCode":"transit"}}]}"#,
        ),
        malformed: REFUSED,
        refused: REFUSED,
        foreign: REFUSED,
        limited: LIMITED,
    }],
    not_found: NOT_FOUND,
};

/// A request has to have a signature and what goes with it. Whether the signature is right, a test computes from
/// the journal.
pub(super) static HMAC: Carrier = Carrier {
    name: "hmac",
    secrets: SECRETS,
    account: "42",
    endpoints: &[Endpoint {
        name: "rates",
        methods: &["GET", "POST"],
        path: "/rates",
        forms: &[&[
            field(Place::Header("authorization"), Value::Any),
            field(Place::Header("date"), Value::Any),
            field(Place::Header("x-nonce"), Value::Any),
        ]],
        issues: None,
        account: None,
        good: Answer::json(200, r#"{"rates":[]}"#),
        malformed: REFUSED,
        refused: REFUSED,
        foreign: REFUSED,
        limited: LIMITED,
    }],
    not_found: NOT_FOUND,
};
