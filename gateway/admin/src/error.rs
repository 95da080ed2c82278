//! Errors of the admin listener: JSON with a stable code. Only this file maps errors to statuses.

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use gateway_api::{ErrorBody, ErrorDetail};
use gateway_control::{ControlError, Fault};
use http::{HeaderValue, StatusCode, header};
use std::time::Duration;

/// Why a request failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum AdminError {
    NotFound,
    MethodNotAllowed,
    /// The listener speaks TLS, and the request came in clear.
    TlsRequired,
    /// No `Host` field, or more than one.
    NoHost,
    /// The `Host` field names a host that is not this listener.
    ForeignHost,
    /// A browser sent the request on behalf of a page of another site.
    CrossSite,
    /// The request has no admin token.
    NoToken,
    /// The admin token is unknown.
    WrongToken,
    /// The admin token is read-only, and the route changes something.
    ReadOnly,
    /// Too many requests, or too many wrong tokens.
    TooMany(Duration),
    /// The request itself is invalid: code and message.
    Invalid(&'static str, String),
    /// The content is too long.
    TooLarge,
    /// The content's type is not JSON.
    NotJson,
    /// The handler took too long. It continues in the background.
    Late,
    /// An internal error of the gateway.
    Internal,
    /// The gateway runs without its control plane.
    NoControl,
    /// An error of the control plane.
    Control(ControlError),
}

impl From<ControlError> for AdminError {
    fn from(error: ControlError) -> Self {
        Self::Control(error)
    }
}

const fn status_of(fault: Fault) -> StatusCode {
    match fault {
        // The control plane knows no HTTP: this is the only place that gives its faults a number.
        Fault::Invalid => StatusCode::BAD_REQUEST,
        Fault::NotFound => StatusCode::NOT_FOUND,
        Fault::Conflict => StatusCode::CONFLICT,
        Fault::Forbidden => StatusCode::FORBIDDEN,
        Fault::Refused => StatusCode::UNPROCESSABLE_ENTITY,
        Fault::Carrier => StatusCode::BAD_GATEWAY,
        Fault::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
    }
}

impl AdminError {
    pub(crate) const fn status(&self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::TlsRequired | Self::NoHost | Self::Invalid(..) => StatusCode::BAD_REQUEST,
            // 421 tells a client that the request reached a server that does not serve that name (RFC 9110 section
            // 15.5.20).
            Self::ForeignHost => StatusCode::MISDIRECTED_REQUEST,
            Self::CrossSite | Self::ReadOnly => StatusCode::FORBIDDEN,
            Self::NoToken | Self::WrongToken => StatusCode::UNAUTHORIZED,
            Self::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::NotJson => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Late => StatusCode::GATEWAY_TIMEOUT,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::NoControl => StatusCode::SERVICE_UNAVAILABLE,
            Self::Control(error) => status_of(error.fault),
        }
    }

    /// The code, the message and what to do.
    const fn words(&self) -> (&'static str, &'static str, Option<&'static str>) {
        match self {
            Self::NotFound => (
                "not_found",
                "there is no route with this path",
                Some(
                    "the routes are /ui, /healthz, /readyz, /metrics and /api/v1; see /openapi.json",
                ),
            ),
            Self::MethodNotAllowed => (
                "method_not_allowed",
                "this path does not support this method",
                Some("see /openapi.json"),
            ),
            Self::TlsRequired => (
                "tls_required",
                "this listener speaks TLS, and the request came without it",
                Some("write https:// instead of http://"),
            ),
            Self::NoHost => ("bad_host", "send exactly one Host field", None),
            Self::ForeignHost => (
                "foreign_host",
                "this listener does not answer to that host name: use its address, or add the name to \
                 listen.admin_hosts",
                None,
            ),
            Self::CrossSite => (
                "cross_site",
                "a page of another site must not change anything here",
                Some("send the request from a program, or from this listener's own pages"),
            ),
            Self::NoToken => (
                "unauthorized",
                "this route needs an admin token",
                Some("send it as `Authorization: Bearer TOKEN`"),
            ),
            Self::WrongToken => (
                "unauthorized",
                "this admin token is unknown",
                Some("it was removed or mistyped; an administrator can make a new one"),
            ),
            Self::ReadOnly => (
                "read_only",
                "this admin token is read-only",
                Some("use a token with the role admin"),
            ),
            Self::TooMany(_) => ("rate_limited", "too many requests", None),
            Self::TooLarge => ("too_large", "the content is longer than 1 MiB", None),
            Self::NotJson => (
                "not_json",
                "the content must be JSON",
                Some("send it with `Content-Type: application/json`"),
            ),
            Self::Late => (
                "timeout",
                "the request took too long and may still be in progress",
                Some("check the gateway's state before you repeat the request"),
            ),
            Self::Internal => (
                "internal",
                "the gateway has an internal error",
                Some("see the gateway's log"),
            ),
            Self::NoControl => (
                "no_control_plane",
                "this gateway runs without a control plane",
                Some("start it with `waybill serve`"),
            ),
            Self::Invalid(code, _) => (code, "", None),
            Self::Control(error) => (error.code, "", None),
        }
    }

    /// How long the caller should wait, in seconds.
    pub(crate) fn retry_after(&self) -> Option<HeaderValue> {
        if let Self::TooMany(wait) = self {
            Some(seconds(*wait).into())
        } else {
            None
        }
    }

    /// The error as it is sent to the caller.
    pub(crate) fn detail(&self) -> ErrorDetail {
        let (code, message, remedy) = self.words();
        let (message, remedy) = match self {
            Self::Invalid(_, message) => (message.clone(), None),
            Self::Control(error) => (error.message.clone(), error.remedy.clone()),
            Self::TooMany(wait) => {
                // In words as well, because a person at a terminal does not see header fields.
                let remedy = format!("try again in {} s", seconds(*wait));
                (message.to_owned(), Some(remedy))
            }
            Self::NotFound
            | Self::MethodNotAllowed
            | Self::TlsRequired
            | Self::NoHost
            | Self::ForeignHost
            | Self::CrossSite
            | Self::NoToken
            | Self::WrongToken
            | Self::ReadOnly
            | Self::TooLarge
            | Self::NotJson
            | Self::Late
            | Self::Internal
            | Self::NoControl => (message.to_owned(), remedy.map(str::to_owned)),
        };
        let mistakes = if let Self::Control(error) = self {
            error.mistakes.clone()
        } else {
            Vec::new()
        };
        ErrorDetail {
            code: code.to_owned(),
            message,
            remedy,
            mistakes,
        }
    }
}

/// Rounded up, so that a caller who comes back exactly then is admitted.
fn seconds(wait: Duration) -> u64 {
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    // At least one: zero would make a client come back at once.
    seconds.max(1)
}

impl IntoResponse for AdminError {
    fn into_response(self) -> Response {
        let body = ErrorBody {
            error: self.detail(),
        };
        let mut response = (self.status(), Json(body)).into_response();
        let headers = response.headers_mut();
        // A 401 must name the authentication scheme (RFC 9110 section 15.5.2).
        if self.status() == StatusCode::UNAUTHORIZED {
            let challenge = HeaderValue::from_static("Bearer realm=\"waybill admin\"");
            headers.insert(header::WWW_AUTHENTICATE, challenge);
        }
        if let Some(wait) = self.retry_after() {
            headers.insert(header::RETRY_AFTER, wait);
        }
        response
    }
}
