//! What the errors of USPS's token endpoint mean.

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
    carrier: "USPS",
    codes_at: &["/error", "/error/code"],
    codes_in: None,
    known: &[
        refusal(
            "invalid_client",
            Class::Rejected,
            "USPS refuses the credentials (invalid_client): unknown Consumer Key, wrong Consumer Secret, or an \
             app of the other environment",
        ),
        refusal(
            "unauthorized_client",
            Class::Rejected,
            "USPS does not let this app request tokens in this way (unauthorized_client): look at its products \
             and its callback URL in the developer portal",
        ),
        refusal(
            "access_denied",
            Class::Rejected,
            "USPS refuses access (access_denied): look at the app's state in the developer portal",
        ),
        refusal(
            "invalid_scope",
            Class::Config,
            "USPS does not know a scope (invalid_scope): correct or remove `scope` of this account",
        ),
        refusal(
            "invalid_request",
            Class::Config,
            "USPS cannot read the token request (invalid_request): check client_id and client_secret for \
             characters that do not belong there, and try the other token_request",
        ),
        refusal(
            "unsupported_grant_type",
            Class::Config,
            "USPS does not know the grant type (unsupported_grant_type): check `grant` of this account",
        ),
        refusal(
            "invalid_grant",
            Class::Interaction,
            "USPS does not honour the authorization code or the refresh token (invalid_grant): log in again",
        ),
        refusal(
            "invalid_refresh_token",
            Class::Interaction,
            "USPS no longer honours the refresh token (invalid_refresh_token), which can happen before its seven \
             days are over: log in again",
        ),
    ],
};
