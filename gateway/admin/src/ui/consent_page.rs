//! The page that a person sees at the end of a consent.
//!
//! It has the frame and the style of the web interface, without scripts and without anything from another
//! server. The template escapes what it shows. The authorization code and the state never appear on it.

use super::page::{self, Frame};
use crate::error::AdminError;
use askama::Template;
use axum::response::{IntoResponse as _, Response};
use gateway_api::{AccountView, ConsentDone, ErrorDetail, ProbeReport};
use http::{HeaderValue, StatusCode, header};

#[derive(Template)]
#[template(path = "ui/callback.html")]
struct Page<'p> {
    frame: Frame,
    result: ConsentResult<'p>,
}

enum ConsentResult<'p> {
    Done {
        account: &'p AccountView,
        proof: &'p ProbeReport,
        /// Whether the person came with an invitation, and so has no other page here.
        invited: bool,
    },
    Failed {
        error: &'p ErrorDetail,
        /// Whether the browser has an invitation.
        invited: bool,
    },
}

/// The page for a request that was refused before its handler ran: the link can still be used.
pub(crate) fn error(error: &AdminError) -> Response {
    let mut response = render(&Err(error.clone()), false);
    if let Some(wait) = error.retry_after() {
        response.headers_mut().insert(header::RETRY_AFTER, wait);
    }
    response
}

/// The page for the result of a consent. `invited` says whether the browser has an invitation.
pub(crate) fn render(finished: &Result<ConsentDone, AdminError>, invited: bool) -> Response {
    let status = match finished {
        Ok(_) => StatusCode::OK,
        // The error's own status, so that a monitor sees a refusal even though a person gets a page.
        Err(error) => error.status(),
    };
    let error = finished.as_ref().err().map(AdminError::detail);
    let (title, result) = match (finished, &error) {
        (Ok(done), _) => {
            let result = ConsentResult::Done {
                account: &done.account,
                proof: &done.proof,
                invited: done.invitation.is_some(),
            };
            ("Signed in", result)
        }
        (Err(_), Some(error)) => ("Not signed in", ConsentResult::Failed { error, invited }),
        (Err(_), None) => return AdminError::Internal.into_response(),
    };
    let frame = Frame::anybody(title);
    let mut response = page::render(status, &Page { frame, result });
    // The address of this page has the code and the state: not even an own page gets it.
    response.headers_mut().insert(
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    );
    response
}

#[cfg(test)]
mod tests;
