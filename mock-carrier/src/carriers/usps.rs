//! USPS: credentials in JSON or in a form, numbers as numbers, 60 tokens an hour, refresh tokens for a week, and a
//! payment authorization beside the token on labels.

use crate::endpoint::{Answer, Carrier, Endpoint, Field, Issue, Place, Quota, Value, field};

const fn json(grant_type: &'static str) -> [Field; 3] {
    [
        field(Place::Json("/grant_type"), Value::Fixed(grant_type)),
        field(Place::Json("/client_id"), Value::Secret("client_id")),
        field(
            Place::Json("/client_secret"),
            Value::Secret("client_secret"),
        ),
    ]
}

const OWN: [Field; 3] = json("client_credentials");
const FORM: [Field; 3] = [
    field(
        Place::Form("grant_type"),
        Value::Fixed("client_credentials"),
    ),
    field(Place::Form("client_id"), Value::Secret("client_id")),
    field(Place::Form("client_secret"), Value::Secret("client_secret")),
];
const CODE: [Field; 4] = {
    let [grant, id, secret] = json("authorization_code");
    [
        grant,
        id,
        secret,
        field(Place::Json("/code"), Value::Secret("code")),
    ]
};
const REFRESH: [Field; 4] = {
    let [grant, id, secret] = json("refresh_token");
    let token = field(
        Place::Json("/refresh_token"),
        Value::Secret("refresh_token"),
    );
    [grant, id, secret, token]
};
const ACCESS: [Field; 1] = [field(Place::Bearer, Value::Token("access"))];
const LABEL: [Field; 2] = [
    field(Place::Bearer, Value::Token("access")),
    field(
        Place::Header("x-payment-authorization-token"),
        Value::Token("payment"),
    ),
];
const ROLES: [Field; 3] = [
    field(Place::Bearer, Value::Token("access")),
    field(Place::Json("/roles/0/CRID"), Value::Secret("crid")),
    field(Place::Json("/roles/0/MID"), Value::Secret("mid")),
];

const UNAUTHORIZED: &str = r#"{"apiVersion":"v3","error":{"code":"401","message":"Unauthorized","errors":[{"title":"Invalid token","detail":"The access token or the payment authorization token is missing, invalid or expired.","source":{}}]}}"#;
const TOO_MANY: Answer = Answer::json(
    429,
    r#"{"apiVersion":"v3","error":{"code":"429","message":"Too Many Requests","errors":[{"title":"Quota exceeded","detail":"The quota of the app is used up."}]}}"#,
)
.with(&[("retry-after", "{retry_after}")]);
const SIXTY_AN_HOUR: Option<Quota> = Some(Quota {
    requests: 60,
    window: 3600,
});

const fn api(
    name: &'static str,
    method: &'static [&'static str],
    path: &'static str,
    forms: &'static [&'static [Field]],
    good: &'static str,
) -> Endpoint {
    Endpoint {
        name,
        methods: method,
        path,
        forms,
        issues: None,
        account: None,
        good: Answer::json(200, good),
        malformed: Answer::json(401, UNAUTHORIZED),
        refused: Answer::json(401, UNAUTHORIZED),
        foreign: Answer::json(401, UNAUTHORIZED),
        limited: TOO_MANY,
    }
}

pub(super) static USPS: Carrier = Carrier {
    name: "usps",
    secrets: &[
        ("client_id", "stand-in-client"),
        ("client_secret", "stand-in-secret"),
        ("code", "stand-in-code"),
        ("refresh_token", "stand-in-refresh"),
        ("crid", "12345678"),
        ("mid", "903000000"),
    ],
    account: "1000405525",
    endpoints: &[
        Endpoint {
            name: "token",
            methods: &["POST"],
            path: "/oauth2/v3/token",
            forms: &[&OWN, &FORM],
            issues: Some(Issue {
                token: "access",
                lifetime: 28_799,
                quota: SIXTY_AN_HOUR,
                lifetime_at: "/expires_in",
            }),
            account: None,
            good: Answer::json(
                200,
                r#"{"access_token":"{access_token}","token_type":"Bearer","issued_at":{issued_at_ms},"expires_in":{expires_in},"status":"approved","scope":"addresses labels payments prices","issuer":"https://keyc.usps.com/realms/USPS","client_id":"{client_id}"}"#,
            ),
            malformed: LOGIN.malformed,
            refused: LOGIN.refused,
            foreign: LOGIN.foreign,
            limited: TOO_MANY,
        },
        LOGIN,
        Endpoint {
            name: "payment",
            methods: &["POST"],
            path: "/payments/v3/payment-authorization",
            forms: &[&ROLES],
            issues: Some(Issue {
                token: "payment",
                lifetime: 28_800,
                quota: None,
                // The answer does not say how long the token lives.
                lifetime_at: "",
            }),
            account: Some(Place::Json("/roles/0/accountNumber")),
            good: Answer::json(
                200,
                r#"{"paymentAuthorizationToken":"{access_token}","roles":[{"roleName":"PAYER","accountNumber":"{account}"}]}"#,
            ),
            malformed: Answer::json(401, UNAUTHORIZED),
            refused: Answer::json(
                400,
                r#"{"body":"CRID isn't enrolled in USPS Ship Outbound","roles":[{"roleName":"LABEL_OWNER"}]}"#,
            ),
            foreign: Answer::json(
                400,
                r#"{"body":"The account number is not linked to the CRID","roles":[{"roleName":"PAYER"}]}"#,
            ),
            limited: TOO_MANY,
        },
        api(
            "addresses",
            &["GET"],
            "/addresses/v3/city-state",
            &[&ACCESS],
            r#"{"city":"WASHINGTON","state":"DC","ZIPCode":"20260"}"#,
        ),
        api(
            "prices",
            &["POST"],
            "/prices/v3/base-rates/search",
            &[&ACCESS],
            r#"{"totalBasePrice":9.85,"rates":[{"SKU":"DPXX0XXXXX01010","price":9.85}]}"#,
        ),
        api(
            "options",
            &["POST"],
            "/shipments/v3/options/search",
            &[&ACCESS],
            r#"{"pricingOptions":[{"shippingOptions":[{"mailClass":"PRIORITY_MAIL","rateOptions":[{"totalPrice":9.85,"totalBasePrice":9.85,"commitment":{"name":"2 Days","scheduleDeliveryDate":"2026-01-03"},"extraServices":[],"rates":[{"SKU":"DPXX0XXXXX01010","mailClass":"PRIORITY_MAIL","productName":"Priority Mail","price":9.85}]}]}]}]}"#,
        ),
        api(
            "labels",
            &["POST"],
            "/labels/v3/label",
            &[&LABEL],
            r#"{"labelMetadata":{"trackingNumber":"9205500000000000000000","postage":9.85}}"#,
        ),
    ],
    not_found: Answer::json(
        404,
        r#"{"apiVersion":"v3","error":{"code":"404","message":"Not Found","errors":[]}}"#,
    ),
};

/// The token endpoint again, for a customer's consent: its answers have a refresh token.
const LOGIN: Endpoint = Endpoint {
    name: "login",
    methods: &["POST"],
    path: "/oauth2/v3/token",
    forms: &[&CODE, &REFRESH],
    issues: Some(Issue {
        token: "access",
        lifetime: 28_799,
        quota: SIXTY_AN_HOUR,
        lifetime_at: "/expires_in",
    }),
    account: None,
    good: Answer::json(
        200,
        r#"{"access_token":"{access_token}","token_type":"Bearer","issued_at":{issued_at_ms},"expires_in":{expires_in},"status":"approved","scope":"addresses labels payments prices","issuer":"https://keyc.usps.com/realms/USPS","refresh_token":"stand-in-refresh","refresh_token_issued_at":{issued_at_ms},"refresh_token_expires_in":604799,"refresh_token_status":"approved","refresh_count":0}"#,
    ),
    malformed: Answer::json(
        400,
        r#"{"error":"invalid_request","error_description":"The request is missing a required parameter."}"#,
    ),
    refused: Answer::json(
        401,
        r#"{"error":"invalid_client","error_description":"Client authentication failed."}"#,
    ),
    foreign: Answer::json(401, r#"{"error":"invalid_client"}"#),
    limited: TOO_MANY,
};
