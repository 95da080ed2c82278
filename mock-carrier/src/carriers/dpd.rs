//! DPD: three header fields for a JSON Web Token, which comes in a header field.

use crate::endpoint::{Answer, Carrier, Endpoint, Field, Issue, Place, Value, field};

const REFUSED: Answer = Answer::json(
    401,
    r#"{"errorCode":"UNAUTHORIZED","errorMessage":"Authentication information is missing or invalid","originError":{"type":"META","code":"401","description":"Unauthorized"}}"#,
);
const LIMITED: Answer = Answer::json(
    429,
    r#"{"errorCode":"TOO_MANY_REQUESTS","errorMessage":"Too many requests"}"#,
)
.with(&[("retry-after", "{retry_after}")]);

const fn login(id: &'static str, secret: &'static str) -> [Field; 3] {
    [
        field(Place::Header(id), Value::Secret("client_id")),
        field(Place::Header(secret), Value::Secret("client_secret")),
        field(Place::Header("x-dpd-bucode"), Value::Secret("bu_code")),
    ]
}

const USER: [Field; 3] = login("x-dpd-login", "x-dpd-password");
const CLIENT: [Field; 3] = login("x-dpd-clientid", "x-dpd-clientsecret");

pub(super) static DPD: Carrier = Carrier {
    name: "dpd",
    secrets: &[
        ("client_id", "stand-in-client"),
        ("client_secret", "stand-in-secret"),
        ("bu_code", "001"),
    ],
    account: "123456789",
    endpoints: &[
        Endpoint {
            name: "token",
            methods: &["POST"],
            path: "/shipping/v1/login",
            forms: &[&USER, &CLIENT],
            issues: Some(Issue {
                token: "jwt",
                lifetime: 86_400,
                quota: None,
                lifetime_at: "jwt",
            }),
            account: None,
            good: Answer::of(200, "", "").with(&[("x-dpd-token", "{access_token}")]),
            malformed: REFUSED,
            refused: REFUSED,
            foreign: REFUSED,
            limited: LIMITED,
        },
        Endpoint {
            name: "pickup",
            methods: &["POST"],
            path: "/shipping/v1/pickupscheduling",
            forms: &[&[field(Place::Bearer, Value::Token("jwt"))]],
            issues: None,
            account: None,
            good: Answer::json(
                200,
                r#"{"scheduledPickupResponse":[{"pickupreference":"stand-in","statusCode":"OK","statusDescription":"Scheduled"}]}"#,
            ),
            malformed: REFUSED,
            refused: REFUSED,
            foreign: REFUSED,
            limited: LIMITED,
        },
    ],
    not_found: Answer::json(
        404,
        r#"{"errorCode":"NOT_FOUND","errorMessage":"Not found"}"#,
    ),
};
