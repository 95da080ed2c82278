//! Errors of the admin listener: JSON, with a stable code.

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use serde_json::json;

/// What the caller did wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AdminError {
    NotFound,
    MethodNotAllowed,
    /// No `Host`, or more than one.
    NoHost,
    /// A `Host` that is not this listener's.
    ForeignHost,
}

impl AdminError {
    const fn parts(self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::NotFound => (
                StatusCode::NOT_FOUND,
                "not_found",
                "there are /healthz, /readyz and /metrics",
            ),
            Self::MethodNotAllowed => (
                StatusCode::METHOD_NOT_ALLOWED,
                "method_not_allowed",
                "only GET and HEAD are answered",
            ),
            Self::NoHost => (
                StatusCode::BAD_REQUEST,
                "bad_host",
                "send exactly one Host field",
            ),
            Self::ForeignHost => (
                StatusCode::MISDIRECTED_REQUEST,
                "foreign_host",
                "call this listener by its address, or add the name to listen.admin_hosts",
            ),
        }
    }
}

impl IntoResponse for AdminError {
    fn into_response(self) -> Response {
        let (status, code, message) = self.parts();
        let body = Json(json!({ "error": { "code": code, "message": message } }));
        (status, body).into_response()
    }
}
