//! The page that a person sees at the end of a consent.
//!
//! It is plain HTML without scripts and without anything from another server. The template escapes
//! what it shows. The authorization code and the state never appear on it.

use crate::error::AdminError;
use askama::Template;
use axum::response::{Html, IntoResponse as _, Response};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use gateway_api::{AccountView, ConsentDone, ErrorDetail, ProbeReport};
use http::{HeaderValue, StatusCode, header};
use sha2::{Digest as _, Sha256};
use std::sync::LazyLock;

/// The page's only style. The content security policy allows it by its hash and forbids all else.
const STYLE: &str = include_str!("../../templates/callback.css");

static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let hash = BASE64_STANDARD.encode(Sha256::digest(STYLE));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'"
    );
    HeaderValue::from_str(&policy).expect("base64 is ASCII")
});

#[derive(Template)]
#[template(path = "callback.html")]
struct Page<'p> {
    style: &'static str,
    title: &'static str,
    result: ConsentResult<'p>,
}

enum ConsentResult<'p> {
    Done {
        account: &'p AccountView,
        proof: &'p ProbeReport,
    },
    Failed(&'p ErrorDetail),
}

/// The page for a request that was refused before its handler ran: the link can still be used.
pub(super) fn error(error: &AdminError) -> Response {
    let mut response = render(&Err(error.clone()));
    if let Some(wait) = error.retry_after() {
        response.headers_mut().insert(header::RETRY_AFTER, wait);
    }
    response
}

/// The page for the result of a consent.
pub(super) fn render(finished: &Result<ConsentDone, AdminError>) -> Response {
    let status = match finished {
        Ok(_) => StatusCode::OK,
        // The error's own status, so that a monitor sees a refusal even though a person gets a page.
        Err(error) => error.status(),
    };
    let error = finished.as_ref().err().map(AdminError::detail);
    let (title, result) = match (finished, &error) {
        (Ok(ConsentDone { account, proof }), _) => {
            ("Signed in", ConsentResult::Done { account, proof })
        }
        (Err(_), Some(error)) => ("Not signed in", ConsentResult::Failed(error)),
        (Err(_), None) => return AdminError::Internal.into_response(),
    };
    let page = Page {
        style: STYLE,
        title,
        result,
    };
    let Ok(html) = page.render() else {
        return AdminError::Internal.into_response();
    };
    let mut response = (status, Html(html)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, POLICY.clone());
    // The page that opened this one must not get a handle to a window that finishes a consent.
    headers.insert(
        "cross-origin-opener-policy",
        HeaderValue::from_static("same-origin"),
    );
    response
}

#[cfg(test)]
mod tests;
