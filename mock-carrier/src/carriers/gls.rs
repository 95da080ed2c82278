//! GLS: credentials in Basic or in the form, bearer tokens for 4 hours, errors of the API in header fields.

use crate::endpoint::{Answer, Carrier, Endpoint, Issue, Place, Quota, Value, field};

const FAULT: &str = r#"{"errors":[{"message":"Invalid client identifier","type":"400"}]}"#;

/// An error of the API: no content, a code and a text in header fields.
const fn in_headers(status: u16, headers: &'static [(&'static str, &'static str)]) -> Answer {
    Answer::of(status, "", "").with(headers)
}

pub(super) static GLS: Carrier = Carrier {
    name: "gls",
    secrets: &[
        ("client_id", "stand-in-client"),
        ("client_secret", "stand-in-secret"),
    ],
    account: "276a45fkqM",
    endpoints: &[
        Endpoint {
            name: "token",
            methods: &["POST"],
            path: "/oauth2/v2/token",
            forms: &[
                &[
                    field(
                        Place::Form("grant_type"),
                        Value::Fixed("client_credentials"),
                    ),
                    field(Place::BasicUser, Value::Secret("client_id")),
                    field(Place::BasicPassword, Value::Secret("client_secret")),
                ],
                &[
                    field(
                        Place::Form("grant_type"),
                        Value::Fixed("client_credentials"),
                    ),
                    field(Place::Form("client_id"), Value::Secret("client_id")),
                    field(Place::Form("client_secret"), Value::Secret("client_secret")),
                ],
            ],
            issues: Some(Issue {
                token: "access",
                lifetime: 14_400,
                quota: Some(Quota {
                    requests: 100_000,
                    window: 86_400,
                }),
                lifetime_at: "/expires_in",
            }),
            account: None,
            good: Answer::json(
                200,
                r#"{"token_type":"Bearer","access_token":"{access_token}","expires_in":{expires_in}}"#,
            ),
            malformed: Answer::json(
                400,
                r#"{"errors":[{"message":"Fields missing or invalid","type":"400"}]}"#,
            ),
            refused: Answer::json(400, FAULT),
            foreign: Answer::json(400, FAULT),
            limited: Answer::json(
                429,
                r#"{"errors":[{"message":"Too many requests","type":"429"}]}"#,
            )
            .with(&[("retry-after", "{retry_after}")]),
        },
        Endpoint {
            name: "services",
            methods: &["POST"],
            path: "/shipit-farm/v1/backend/rs/shipments/allowedservices",
            forms: &[&[field(Place::Bearer, Value::Token("access"))]],
            issues: None,
            account: Some(Place::Json("/ContactID")),
            good: Answer::of(
                200,
                "application/glsVersion1+json",
                r#"{"AllowedServices":[{"ServiceName":"service_flexdelivery"},{"ProductName":"Parcel"}]}"#,
            ),
            malformed: in_headers(401, &[("error", "401"), ("message", "Unauthorized")]),
            refused: in_headers(401, &[("error", "401"), ("message", "Unauthorized")]),
            foreign: in_headers(
                400,
                &[
                    ("error", "E000"),
                    ("message", "The contact id is not known"),
                ],
            ),
            limited: in_headers(429, &[("error", "429")]),
        },
        Endpoint {
            name: "tracking",
            methods: &["GET"],
            path: "/track-and-trace-v1/tracking/simple/trackids/{numbers}",
            forms: &[&[field(Place::Bearer, Value::Token("access"))]],
            issues: None,
            account: None,
            good: Answer::json(
                200,
                r#"{"parcels":[{"requested":"Z1234567","unitno":"Z1234567","status":"DELIVERED","statusDateTime":"2026-01-01T10:00:00+0100","events":[{"code":"3.0","description":"The parcel has been delivered.","eventDateTime":"2026-01-01T10:00:00+0100","city":"Bonn","country":"DE"}]}]}"#,
            ),
            malformed: in_headers(401, &[("error", "401"), ("message", "Unauthorized")]),
            refused: in_headers(401, &[("error", "401"), ("message", "Unauthorized")]),
            foreign: in_headers(401, &[("error", "401"), ("message", "Unauthorized")]),
            limited: in_headers(429, &[("error", "429")]),
        },
    ],
    not_found: in_headers(404, &[("error", "404"), ("message", "Not found")]),
};
