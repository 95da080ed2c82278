//! Answers that belong to no product: an unknown path, a wrong method, a defect of the mock.

use http::{HeaderValue, Method, StatusCode, header};

use crate::api::{ApiResponse, UpsError};

/// A path that UPS does not have. Its real answer is unknown; this one has the usual envelope.
pub(crate) fn not_found() -> ApiResponse {
    ApiResponse::error(UpsError::new(StatusCode::NOT_FOUND, "404", "Not Found"))
}

/// The mock itself failed.
pub(crate) fn internal() -> ApiResponse {
    let status = StatusCode::INTERNAL_SERVER_ERROR;
    ApiResponse::error(UpsError::new(status, "10500", "Internal Server Error"))
}

/// A method that the path does not have; a guess like [`not_found`].
pub(crate) fn method_not_allowed(allowed: &Method) -> ApiResponse {
    let error = UpsError::new(StatusCode::METHOD_NOT_ALLOWED, "405", "Method Not Allowed");
    let answer = ApiResponse::error(error);
    match HeaderValue::from_str(allowed.as_str()) {
        Ok(allowed) => answer.with_header(header::ALLOW, allowed),
        Err(_) => answer,
    }
}
