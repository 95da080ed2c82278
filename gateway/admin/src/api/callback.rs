//! The redirect endpoint: where a carrier sends a person's browser after a consent.
//!
//! A browser has no admin token. The state in the query is the proof instead, and the control plane
//! accepts each state once.

use crate::{
    context::AdminContext,
    error::AdminError,
    ui::{consent_page, invitation::InvitedBrowser},
};
use axum::{
    extract::{RawQuery, State},
    response::{IntoResponse as _, Response},
};
use gateway_api::{ConsentDone, SecretText};
use http::Method;
use std::time::Duration;
use tokio::time::timeout;

/// The time limit of a consent's end. It calls the carrier at most twice.
const DEADLINE: Duration = Duration::from_secs(120);

/// Finishes a consent.
///
/// The carrier redirects a person's browser here, with `code` and `state`, or with `error`. The
/// response is a page for that person.
#[utoipa::path(get, path = "/oauth/callback", tag = "consent",
    responses(
        (status = 200, description = "Signed in", body = String, content_type = "text/html"),
        (status = 400, description = "The link cannot be used", body = String,
            content_type = "text/html"),
        (status = 403, description = "The person refused the consent", body = String,
            content_type = "text/html"),
        (status = 404, description = "No consent waits for this state", body = String,
            content_type = "text/html"),
        (status = 405, description = "Only GET finishes a consent: a link preview must not use the code",
            body = gateway_api::ErrorBody),
        (status = 409, description = "The consent was finished already", body = String,
            content_type = "text/html"),
        (status = 422, description = "The carrier refused the consent", body = String,
            content_type = "text/html"),
        (status = 429, description = "Too many requests; the link can still be used", body = String,
            content_type = "text/html"),
        (status = 500, description = "An internal error of the gateway", body = String,
            content_type = "text/html"),
        (status = 502, description = "The carrier cannot be reached", body = String,
            content_type = "text/html"),
        (status = 503, description = "The gateway is temporarily unable to do it", body = String,
            content_type = "text/html"),
        (status = 504, description = "It took too long", body = String,
            content_type = "text/html"),
    ))]
pub(super) async fn finish_consent(
    State(context): State<AdminContext>,
    method: Method,
    browser: InvitedBrowser,
    RawQuery(query): RawQuery,
) -> Response {
    // axum also routes HEAD here. A link preview that sends HEAD must not use the code up.
    if method != Method::GET {
        return AdminError::MethodNotAllowed.into_response();
    }
    // As a secret, because the query holds the authorization code.
    let finished = finish(&context, SecretText::from(query.unwrap_or_default())).await;
    match browser.reader(&*context.clock) {
        Ok(reader) => consent_page::render(&finished, &reader, browser.is_known()),
        Err(error) => consent_page::error(&error),
    }
}

async fn finish(context: &AdminContext, query: SecretText) -> Result<ConsentDone, AdminError> {
    let control = context.control.clone().ok_or(AdminError::NoControl)?;
    let done = timeout(DEADLINE, control.finish_consent(&query)).await;
    Ok(done.map_err(|_late| AdminError::Late)??)
}
