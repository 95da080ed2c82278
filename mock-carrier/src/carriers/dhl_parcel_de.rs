//! DHL Parcel DE: the password grant with four fields in a form, bearer tokens for 30 minutes.

use crate::endpoint::{Answer, Carrier, Endpoint, Issue, Place, Value, field};

const UNAUTHORIZED: &str = r#"{"title":"Unauthorized","statusCode":401,"instance":"/parcel/de/shipping/v2/orders","detail":"Unauthorized for given resource."}"#;

pub(super) static DHL_PARCEL_DE: Carrier = Carrier {
    name: "dhl-parcel-de",
    secrets: &[
        ("client_id", "stand-in-client"),
        ("client_secret", "stand-in-secret"),
        ("username", "stand-in-user"),
        ("password", "stand-in-password"),
    ],
    account: "33333333330102",
    endpoints: &[
        Endpoint {
            name: "token",
            methods: &["POST"],
            path: "/parcel/de/account/auth/ropc/v1/token",
            forms: &[&[
                field(Place::Form("grant_type"), Value::Fixed("password")),
                field(Place::Form("username"), Value::Secret("username")),
                field(Place::Form("password"), Value::Secret("password")),
                field(Place::Form("client_id"), Value::Secret("client_id")),
                field(Place::Form("client_secret"), Value::Secret("client_secret")),
            ]],
            issues: Some(Issue {
                token: "access",
                lifetime: 1799,
                quota: None,
                lifetime_at: "/expires_in",
            }),
            account: None,
            good: Answer::json(
                200,
                r#"{"access_token":"{access_token}","token_type":"Bearer","expires_in":{expires_in}}"#,
            ),
            malformed: Answer::json(
                400,
                r#"{"error":"invalid_request","error_description":"Required parameter is missing"}"#,
            ),
            refused: Answer::json(
                401,
                r#"{"error":"invalid_client","error_description":"Client credentials are invalid"}"#,
            ),
            foreign: Answer::json(401, UNAUTHORIZED),
            limited: Answer::json(
                429,
                r#"{"title":"Too many requests","statusCode":429,"detail":"Too many requests within defined time period"}"#,
            )
            .with(&[("retry-after", "{retry_after}")]),
        },
        Endpoint {
            name: "shipping",
            methods: &["POST"],
            path: "/parcel/de/shipping/v2/orders",
            forms: &[&[field(Place::Bearer, Value::Token("access"))]],
            issues: None,
            account: Some(Place::Json("/shipments/0/billingNumber")),
            good: Answer::json(
                200,
                r#"{"status":{"title":"ok","statusCode":200,"detail":"The request was processed without errors."},"items":[{"shipmentNo":"003404341610951","sstatus":{"title":"ok","statusCode":200},"label":{"b64":"JVBERi0=","fileFormat":"PDF"}}]}"#,
            ),
            malformed: Answer::json(401, UNAUTHORIZED),
            refused: Answer::json(401, UNAUTHORIZED),
            foreign: Answer::json(
                400,
                r#"{"status":{"title":"Bad Request","statusCode":400,"detail":"1 of 1 shipment could not be processed."},"items":[{"sstatus":{"title":"Bad Request","statusCode":400},"validationMessages":[{"property":"billingNumber","validationMessage":"The billing number may not be used by this user","validationState":"Error"}]}]}"#,
            ),
            limited: Answer::json(429, ""),
        },
    ],
    not_found: Answer::json(
        404,
        r#"{"title":"Not Found","statusCode":404,"detail":"No resource at this path."}"#,
    ),
};
