//! Amazon Shipping: Login with Amazon, its token in a field of Amazon's own, and a restricted data token.

use crate::endpoint::{Answer, Carrier, Endpoint, Field, Issue, Place, Value, field};

const fn form(grant_type: &'static str) -> [Field; 3] {
    [
        field(Place::Form("grant_type"), Value::Fixed(grant_type)),
        field(Place::Form("client_id"), Value::Secret("client_id")),
        field(Place::Form("client_secret"), Value::Secret("client_secret")),
    ]
}

const REFRESH: [Field; 4] = {
    let [grant, id, secret] = form("refresh_token");
    let token = field(Place::Form("refresh_token"), Value::Secret("refresh_token"));
    [grant, id, secret, token]
};
const CODE: [Field; 4] = {
    let [grant, id, secret] = form("authorization_code");
    [
        grant,
        id,
        secret,
        field(Place::Form("code"), Value::Secret("code")),
    ]
};
const ACCESS: [Field; 1] = [field(
    Place::Header("x-amz-access-token"),
    Value::Token("access"),
)];
const RESTRICTED: [Field; 1] = [field(
    Place::Header("x-amz-access-token"),
    Value::Token("restricted"),
)];

const DENIED: &str = r#"{"errors":[{"code":"Unauthorized","message":"Access to requested resource is denied.","details":"The access token you provided is revoked, malformed or invalid."}]}"#;
const QUOTA: Answer = Answer::json(
    429,
    r#"{"errors":[{"code":"QuotaExceeded","message":"You exceeded your quota for the requested resource.","details":""}]}"#,
)
.with(&[("retry-after", "{retry_after}")]);

const fn api(
    name: &'static str,
    methods: &'static [&'static str],
    path: &'static str,
    forms: &'static [&'static [Field]],
    good: &'static str,
) -> Endpoint {
    Endpoint {
        name,
        methods,
        path,
        forms,
        issues: None,
        account: None,
        good: Answer::json(200, good),
        malformed: Answer::json(403, DENIED),
        refused: Answer::json(403, DENIED),
        foreign: Answer::json(403, DENIED),
        limited: QUOTA,
    }
}

pub(super) static AMAZON_SHIPPING: Carrier = Carrier {
    name: "amazon-shipping",
    secrets: &[
        ("client_id", "stand-in-client"),
        ("client_secret", "stand-in-secret"),
        ("refresh_token", "Atzr|stand-in-refresh"),
        ("code", "stand-in-code"),
    ],
    account: "A1B2C3",
    endpoints: &[
        Endpoint {
            name: "token",
            methods: &["POST"],
            path: "/auth/o2/token",
            forms: &[&REFRESH, &CODE],
            issues: Some(Issue {
                token: "access",
                lifetime: 3600,
                quota: None,
                lifetime_at: "/expires_in",
            }),
            account: None,
            good: Answer::json(
                200,
                r#"{"access_token":"{access_token}","refresh_token":"Atzr|stand-in-refresh","token_type":"bearer","expires_in":{expires_in}}"#,
            ),
            malformed: Answer::json(
                400,
                r#"{"error":"invalid_request","error_description":"The request is missing a required parameter","request_id":"00000000-0000-0000-0000-000000000000"}"#,
            ),
            refused: Answer::json(
                401,
                r#"{"error":"invalid_client","error_description":"Client authentication failed","request_id":"00000000-0000-0000-0000-000000000000"}"#,
            ),
            foreign: Answer::json(401, r#"{"error":"invalid_client"}"#),
            limited: QUOTA,
        },
        Endpoint {
            issues: Some(Issue {
                token: "restricted",
                lifetime: 3600,
                quota: None,
                lifetime_at: "/expiresIn",
            }),
            ..api(
                "restricted",
                &["POST"],
                "/tokens/2021-03-01/restrictedDataToken",
                &[&ACCESS],
                r#"{"restrictedDataToken":"{access_token}","expiresIn":{expires_in}}"#,
            )
        },
        api(
            "rates",
            &["POST"],
            "/shipping/v2/shipments/rates",
            &[&ACCESS],
            r#"{"payload":{"requestToken":"token","rates":[{"rateId":"1","carrierId":"AMZN_UK","totalCharge":{"value":4.2,"unit":"GBP"}}]}}"#,
        ),
        api(
            "access-points",
            &["GET"],
            "/shipping/v2/accessPoints",
            &[&ACCESS],
            r#"{"payload":{"accessPointsMap":{}}}"#,
        ),
        api(
            "address",
            &["GET"],
            "/orders/v0/orders/{order}/address",
            &[&RESTRICTED],
            r#"{"payload":{"AmazonOrderId":"1","ShippingAddress":{"Name":"A Person"}}}"#,
        ),
    ],
    not_found: Answer::json(
        404,
        r#"{"errors":[{"code":"NotFound","message":"The requested resource doesn't exist.","details":""}]}"#,
    ),
};
