//! What the errors of Login with Amazon mean.

use plugins_sdk::{
    Class,
    oauth::{Refusal, Refusals},
};

const fn refusal(code: &'static str, class: Class, message: &'static str) -> Refusal {
    Refusal {
        code,
        class,
        message,
    }
}

pub(crate) static REFUSALS: Refusals = Refusals {
    carrier: "Amazon",
    codes_at: &["/error"],
    codes_in: None,
    known: &[
        refusal(
            "invalid_client",
            Class::Rejected,
            "Amazon refuses the credentials (invalid_client): unknown LWA client id, wrong client secret, or a secret \
             that was rotated",
        ),
        refusal(
            "unauthorized_client",
            Class::Rejected,
            "Amazon does not let this application use the grant (unauthorized_client): the refresh token belongs to \
             another application, or the application is a draft",
        ),
        refusal(
            "access_denied",
            Class::Rejected,
            "Amazon refuses access (access_denied): look at the application's state in Amazon's pages",
        ),
        refusal(
            "invalid_grant",
            Class::Interaction,
            "Amazon does not honour the code or the refresh token (invalid_grant): a code lives five minutes, and the \
             shipper may have withdrawn the authorization; authorize the application again",
        ),
        refusal(
            "invalid_request",
            Class::Config,
            "Amazon cannot read the token request (invalid_request): check client_id, client_secret and refresh_token \
             for characters that do not belong there",
        ),
        refusal(
            "invalid_scope",
            Class::Config,
            "Amazon does not know the scope (invalid_scope): check that the application is one for the Selling \
             Partner API",
        ),
        refusal(
            "unsupported_grant_type",
            Class::Config,
            "Amazon does not know the grant type (unsupported_grant_type): check the origin of this account",
        ),
        refusal(
            "server_error",
            Class::Transient,
            "Login with Amazon has an internal error (server_error)",
        ),
    ],
};
