//! The errors of the OAuth endpoints, each in one place.

use http::StatusCode;

use crate::api::UpsError;
use crate::config::{BodyCredentials, StaleGrant};

pub(crate) fn missing_basic() -> UpsError {
    UpsError::bad_request("10400", "Invalid/Missing Authorization Header")
}

pub(crate) fn invalid_client() -> UpsError {
    // Also the answer to a wrong secret and to credentials of the other environment.
    UpsError::new(StatusCode::UNAUTHORIZED, "10401", "ClientId is Invalid")
}

pub(crate) fn invalid_redirect() -> UpsError {
    UpsError::bad_request("10400", "Invalid Redirect URL")
}

pub(crate) fn blocked_merchant() -> UpsError {
    UpsError::new(StatusCode::FORBIDDEN, "10403", "Blocked Merchant")
}

pub(crate) fn too_many_requests() -> UpsError {
    // No `Retry-After`: UPS was never seen to send one.
    UpsError::new(StatusCode::TOO_MANY_REQUESTS, "10429", "Too Many Requests")
}

/// A 10400 with a text of ours: UPS's for these cases is unknown.
pub(crate) fn bad_request(message: &'static str) -> UpsError {
    UpsError::bad_request("10400", message)
}

pub(crate) fn stale_refresh_token(how: StaleGrant) -> UpsError {
    stale(how, "Invalid Refresh Token")
}

pub(crate) fn stale_code(how: StaleGrant) -> UpsError {
    stale(how, "Invalid Authorization Code")
}

fn stale(how: StaleGrant, message: &'static str) -> UpsError {
    // No source shows UPS's answer to a stale code or refresh token, hence the setting.
    match how {
        StaleGrant::BadRequest => UpsError::bad_request("10400", message),
        StaleGrant::Unauthorized => UpsError::new(StatusCode::UNAUTHORIZED, "10401", message),
    }
}

pub(crate) fn credentials_in_body(how: BodyCredentials) -> UpsError {
    match how {
        BodyCredentials::MissingHeader => missing_basic(),
        BodyCredentials::InvalidClient => invalid_client(),
    }
}

/// The token could not be signed: a defect of the mock, told as UPS's internal error.
pub(crate) fn internal() -> UpsError {
    UpsError::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "10500",
        "Internal Server Error",
    )
}
