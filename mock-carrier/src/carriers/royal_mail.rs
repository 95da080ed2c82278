//! Royal Mail: four header fields for a JSON Web Token, which travels in a field of its own.

use crate::endpoint::{Answer, Carrier, Endpoint, Issue, Place, Value, field};

/// What the API gateway before Royal Mail's services answers.
const REFUSED: Answer = Answer::json(
    401,
    r#"{"httpCode":"401","httpMessage":"Unauthorized","moreInformation":"Invalid client id or secret."}"#,
);
const LIMITED: Answer = Answer::json(
    429,
    r#"{"httpCode":"429","httpMessage":"Too Many Requests","moreInformation":"Rate Limit exceeded"}"#,
)
.with(&[("retry-after", "{retry_after}")]);

pub(super) static ROYAL_MAIL: Carrier = Carrier {
    name: "royal-mail",
    secrets: &[
        ("client_id", "stand-in-client"),
        ("client_secret", "stand-in-secret"),
        ("username", "stand-in-user"),
        ("password", "stand-in-password"),
    ],
    account: "0123456000",
    endpoints: &[
        Endpoint {
            name: "token",
            methods: &["GET", "POST"],
            path: "/shipping/v3/token",
            forms: &[&[
                field(Place::Header("x-ibm-client-id"), Value::Secret("client_id")),
                field(
                    Place::Header("x-ibm-client-secret"),
                    Value::Secret("client_secret"),
                ),
                field(
                    Place::Header("x-rmg-security-username"),
                    Value::Secret("username"),
                ),
                field(
                    Place::Header("x-rmg-security-password"),
                    Value::Secret("password"),
                ),
            ]],
            issues: Some(Issue {
                token: "jwt",
                lifetime: 14_400,
                quota: None,
                lifetime_at: "jwt",
            }),
            account: None,
            good: Answer::json(200, r#"{"token":"{access_token}"}"#),
            malformed: REFUSED,
            refused: REFUSED,
            foreign: REFUSED,
            limited: LIMITED,
        },
        Endpoint {
            name: "addresses",
            methods: &["GET"],
            path: "/shipping/v3/addresses",
            forms: &[&[
                field(Place::Header("x-rmg-auth-token"), Value::Token("jwt")),
                field(Place::Header("x-ibm-client-id"), Value::Secret("client_id")),
            ]],
            issues: None,
            account: None,
            good: Answer::json(200, r#"{"Addresses":[]}"#),
            malformed: REFUSED,
            refused: REFUSED,
            foreign: REFUSED,
            limited: LIMITED,
        },
    ],
    not_found: Answer::json(
        404,
        r#"{"httpCode":"404","httpMessage":"Not Found","moreInformation":"No resources match requested URI"}"#,
    ),
};
