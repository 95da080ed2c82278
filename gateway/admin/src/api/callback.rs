//! Where the carrier sends a person's browser after a consent.
//!
//! There is no admin token here: the state in the query is the proof, and the control plane takes it
//! once. The page is plain HTML without a script or anything from elsewhere; what it shows is
//! escaped by the template; code and state are on it nowhere.

use crate::{error::AdminError, server::Shared};
use gateway_api::{AccountView, ConsentDone, ErrorDetail, ProbeReport, SecretText};
use askama::Template;
use axum::{
    extract::{RawQuery, State},
    response::{Html, IntoResponse as _, Response},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use http::{HeaderValue, Method, StatusCode, header};
use sha2::{Digest as _, Sha256};
use std::{sync::LazyLock, time::Duration};
use tokio::time::timeout;

/// A person does not wait longer, and the proof asks the carrier twice at most.
const DEADLINE: Duration = Duration::from_secs(120);

/// The page's only style: allowed by its hash, so that nothing else can be.
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
    outcome: Outcome<'p>,
}

enum Outcome<'p> {
    Done {
        account: &'p AccountView,
        proof: &'p ProbeReport,
    },
    Failed(&'p ErrorDetail),
}

/// Finishes a consent.
///
/// The carrier redirects a person's browser here, with `code` and `state`, or with `error`. The
/// answer is a page for that person.
#[utoipa::path(get, path = "/oauth/callback", tag = "consent",
    responses(
        (status = 200, description = "Signed in", body = String, content_type = "text/html"),
        (status = 400, description = "The link cannot be used", body = String,
            content_type = "text/html"),
        (status = 403, description = "The person refused", body = String,
            content_type = "text/html"),
        (status = 404, description = "Nobody waits for this", body = String,
            content_type = "text/html"),
        (status = 405, description = "Only GET counts: a preview must not use the code up",
            body = gateway_api::ErrorBody),
        (status = 409, description = "It was finished already", body = String,
            content_type = "text/html"),
        (status = 422, description = "The carrier refused", body = String,
            content_type = "text/html"),
        (status = 429, description = "Too many requests; the link still works", body = String,
            content_type = "text/html"),
        (status = 500, description = "A defect of the gateway", body = String,
            content_type = "text/html"),
        (status = 502, description = "The carrier cannot be reached", body = String,
            content_type = "text/html"),
        (status = 503, description = "The gateway cannot do it now", body = String,
            content_type = "text/html"),
        (status = 504, description = "It took too long", body = String,
            content_type = "text/html"),
    ))]
pub(super) async fn finish_consent(
    State(shared): State<Shared>,
    method: Method,
    RawQuery(query): RawQuery,
) -> Response {
    if method != Method::GET {
        return AdminError::MethodNotAllowed.into_response();
    }
    let finished = finish(&shared, SecretText::from(query.unwrap_or_default())).await;
    render(&finished)
}

async fn finish(shared: &Shared, query: SecretText) -> Result<ConsentDone, AdminError> {
    let control = shared.control.clone().ok_or(AdminError::NoControl)?;
    let done = timeout(DEADLINE, control.finish_consent(&query)).await;
    Ok(done.map_err(|_late| AdminError::Late)??)
}

/// The page for a request that did not get as far as the consent: its link is not used up.
pub(super) fn failed(error: &AdminError) -> Response {
    let mut response = render(&Err(error.clone()));
    if let Some(wait) = error.retry_after() {
        response.headers_mut().insert(header::RETRY_AFTER, wait);
    }
    response
}

fn render(finished: &Result<ConsentDone, AdminError>) -> Response {
    let status = match finished {
        Ok(_) => StatusCode::OK,
        Err(error) => error.status(),
    };
    let error = finished.as_ref().err().map(AdminError::detail);
    let (title, outcome) = match (finished, &error) {
        (Ok(ConsentDone { account, proof }), _) => ("Signed in", Outcome::Done { account, proof }),
        (Err(_), Some(error)) => ("Not signed in", Outcome::Failed(error)),
        (Err(_), None) => return AdminError::Broken.into_response(),
    };
    let page = Page {
        style: STYLE,
        title,
        outcome,
    };
    let Ok(html) = page.render() else {
        return AdminError::Broken.into_response();
    };
    let mut response = (status, Html(html)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, POLICY.clone());
    headers.insert(
        "cross-origin-opener-policy",
        HeaderValue::from_static("same-origin"),
    );
    response
}

#[cfg(test)]
mod tests;
