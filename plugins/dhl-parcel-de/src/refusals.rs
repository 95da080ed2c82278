//! What the errors of DHL's token endpoint mean.

use plugins_sdk::{
    Class,
    oauth::{Refusal, Refusals},
};

/// RFC 6749 names `error`; DHL's gateway answers with a problem of its own, whose status stands in the body.
pub(crate) static REFUSALS: Refusals = Refusals {
    carrier: "DHL",
    codes_at: &["/error", "/status/statusCode", "/statusCode", "/status"],
    codes_in: None,
    known: &[
        Refusal {
            code: "invalid_client",
            class: Class::Rejected,
            message: "DHL refuses the app (invalid_client): unknown API Key, wrong API Secret, or an app that is \
                      not approved for this environment",
        },
        // At other carriers this is a lost consent. Here it is a wrong password, and no person can sign in.
        Refusal {
            code: "invalid_grant",
            class: Class::Rejected,
            message: "DHL refuses the user (invalid_grant): wrong GKP user name or password, or a password that \
                      has expired; sign in once at the business customer portal",
        },
        Refusal {
            code: "unauthorized_client",
            class: Class::Rejected,
            message: "DHL does not let this app use the password grant (unauthorized_client): look at the app's \
                      APIs at developer.dhl.com",
        },
        Refusal {
            code: "invalid_request",
            class: Class::Config,
            message: "DHL cannot read the token request (invalid_request): check client_id, client_secret, \
                      username and password for characters that do not belong there",
        },
    ],
};
