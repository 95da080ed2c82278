//! DHL eCommerce Americas: credentials in a form, bearer tokens for an hour, error codes at the end of a URL.

use crate::endpoint::{Answer, Carrier, Endpoint, Issue, Place, Value, field};

const EXPIRED: &str =
    r#"{"type":"https://api.dhlecs.com/docs/errors/401.0000001","title":"Access token expired"}"#;

pub(super) static DHL_ECOMMERCE: Carrier = Carrier {
    name: "dhl-ecommerce",
    secrets: &[
        ("client_id", "stand-in-client"),
        ("client_secret", "stand-in-secret"),
    ],
    account: "5351244",
    endpoints: &[
        Endpoint {
            name: "token",
            methods: &["POST"],
            path: "/auth/v4/accesstoken",
            forms: &[&[
                field(Place::Form("grant_type"), Value::Fixed("client_credentials")),
                field(Place::Form("client_id"), Value::Secret("client_id")),
                field(Place::Form("client_secret"), Value::Secret("client_secret")),
            ]],
            issues: Some(Issue {
                token: "access",
                lifetime: 3600,
                quota: None,
                lifetime_at: "/expires_in",
            }),
            account: None,
            good: Answer::json(
                200,
                r#"{"access_token":"{access_token}","client_id":"{client_id}","token_type":"Bearer","expires_in":{expires_in}}"#,
            ),
            malformed: Answer::json(
                400,
                r#"{"type":"https://api.dhlecs.com/docs/errors/400.0000001","title":"Mandatory Parameter Missing"}"#,
            ),
            refused: Answer::json(
                401,
                r#"{"type":"https://api.dhlecs.com/docs/errors/401.0000001","title":"Invalid Credentials"}"#,
            ),
            foreign: Answer::json(401, EXPIRED),
            limited: Answer::json(
                429,
                r#"{"type":"https://api.dhlecs.com/docs/errors/429.0000001","title":"Too Many Requests"}"#,
            )
            .with(&[("retry-after", "{retry_after}")]),
        },
        Endpoint {
            name: "products",
            methods: &["POST"],
            path: "/shipping/v4/products",
            forms: &[&[field(Place::Bearer, Value::Token("access"))]],
            issues: None,
            account: Some(Place::Json("/pickup")),
            good: Answer::json(
                200,
                r#"{"distributionCenter":"USATL1","products":[{"orderedProductId":"GND","productName":"SmartMail Parcel Ground"}]}"#,
            ),
            malformed: Answer::json(401, EXPIRED),
            refused: Answer::json(401, EXPIRED),
            foreign: Answer::json(
                400,
                r#"{"type":"https://api.dhlecs.com/docs/errors/400.0604001","title":"Validation error","invalidParams":[{"name":"pickup","path":"pickup","reason":"The pickup account is not valid"}]}"#,
            ),
            limited: Answer::json(429, ""),
        },
    ],
    not_found: Answer::json(
        404,
        r#"{"type":"https://api.dhlecs.com/docs/errors/404.0000001","title":"Resource not found"}"#,
    ),
};
