//! The page that a person sees at the end of a consent.
//!
//! It has the frame and the style of the web interface, without scripts and without anything from another
//! server. The template escapes what it shows. The authorization code and the state never appear on it.

use super::{
    page::{self, Frame},
    words::{self, Moment},
    zone::Reader,
};
use crate::error::AdminError;
use askama::Template;
use axum::response::Response;
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
        token_expires: Option<Moment>,
        sign_in_again: Option<Moment>,
        /// Whether the person came with an invitation, and so has no other page here.
        invited: bool,
        /// The accounts of the invitation that still wait.
        left: usize,
    },
    Failed {
        error: &'p ErrorDetail,
        /// Whether the browser has an invitation.
        invited: bool,
    },
}

impl ConsentResult<'_> {
    /// What is left of an invitation, in words.
    fn accounts(left: &usize) -> String {
        words::counted(*left, "account")
    }
}

/// The page for a request that was refused before its handler ran: the link can still be used.
pub(crate) fn error(error: &AdminError) -> Response {
    let mut response = failed(error, false);
    if let Some(wait) = error.retry_after() {
        response.headers_mut().insert(header::RETRY_AFTER, wait);
    }
    response
}

/// The page for the result of a consent. `invited` says whether the browser has an invitation.
pub(crate) fn render(
    finished: &Result<ConsentDone, AdminError>,
    reader: &Reader,
    invited: bool,
) -> Response {
    match finished {
        Ok(ConsentDone {
            account,
            proof,
            invitation,
            invitation_left,
        }) => {
            let result = ConsentResult::Done {
                account,
                proof,
                token_expires: account.token_expires_at.map(|at| reader.moment(at)),
                sign_in_again: account.grant_expires_at.map(|at| reader.moment(at)),
                invited: invitation.is_some(),
                left: *invitation_left,
            };
            last_page(StatusCode::OK, "Signed in", result)
        }
        Err(error) => failed(error, invited),
    }
}

fn failed(error: &AdminError, invited: bool) -> Response {
    let detail = &error.detail();
    let result = ConsentResult::Failed {
        error: detail,
        invited,
    };
    // The error's own status, so that a monitor sees a refusal even though a person gets a page.
    last_page(error.status(), "Not signed in", result)
}

fn last_page(status: StatusCode, title: &str, result: ConsentResult<'_>) -> Response {
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
