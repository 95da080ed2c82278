//! The control API below `/__mock/`, and the page at `/`. [`routes`] lists the operations;
//! `/__mock/openapi.json` is made from the same list.

mod clock;
mod dispatch;
mod documents;
mod faults;
mod journal;
mod openapi;
mod people;
mod request;
mod routes;
mod state;
mod tokens;
mod track_alert;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderValue, Method, Response, StatusCode, header};
use serde_json::json;

use crate::mock_state::MockState;
use crate::response_body::MockBody;

use request::{ControlError, ControlRequest, ControlResult, Document};

/// The page runs its own script and talks to its own mock, nothing else.
// Strict: the page shows what clients sent, so injected text must find no script to run.
const POLICY: HeaderValue = HeaderValue::from_static("default-src 'self'");

/// Answers a request to the mock itself.
pub(crate) fn answer(mock: &MockState, parts: &Parts, body: &Bytes) -> Response<MockBody> {
    // Before anything is read: a web page that a developer visits must not drive the mock.
    if is_from_a_foreign_page(parts) {
        let reason = "a web page of another origin may not control the mock".to_owned();
        return write(Err(ControlError {
            status: StatusCode::FORBIDDEN,
            reason,
        }));
    }
    let control = ControlRequest {
        mock,
        query: parts.uri.query(),
        body,
    };
    if let Some(document) = documents::find(&control, &parts.method, parts.uri.path()) {
        return write_document(document);
    }
    write(dispatch::run(&control, &parts.method, parts.uri.path()))
}

/// Whether a browser sent this for a page that is not the mock's.
fn is_from_a_foreign_page(parts: &Parts) -> bool {
    // Reading gives a foreign page nothing: the answer has no header that lets it look.
    if parts.method == Method::GET {
        return false;
    }
    // Programs send no `Origin`; only browsers do, and they cannot leave it out.
    let Some(origin) = parts.headers.get(header::ORIGIN) else {
        return false;
    };
    let host = parts
        .headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let authority = origin
        .to_str()
        .ok()
        .and_then(|origin| origin.split("://").nth(1));
    // An opaque origin such as `null` names no host and is foreign.
    authority.is_none() || authority != host
}

fn write(reply: ControlResult) -> Response<MockBody> {
    let (status, value) = match reply {
        Ok(value) => (StatusCode::OK, value),
        Err(refusal) => (refusal.status, json!({ "error": refusal.reason })),
    };
    let mut response = Response::new(MockBody::full(Bytes::from(value.to_string())));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    // State changes with every call, so a cached one misleads.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn write_document(Document(media_type, text): Document) -> Response<MockBody> {
    let mut response = Response::new(MockBody::full(Bytes::from(text)));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::CONTENT_SECURITY_POLICY, POLICY);
    // The page has buttons that revoke and reset: nobody may frame it.
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    response
}
