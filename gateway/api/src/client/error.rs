//! Why a call failed.

use crate::{MistakeView, VERSION, VERSION_HEADER};
use gateway_http_client::{HttpError, HttpErrorKind, HttpResponse, TrustError};
use http::StatusCode;
use std::time::Duration;

/// Why a call failed, and what to do. The text never contains a secret.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The address of the gateway cannot be used. The message does not repeat it, because it may
    /// contain a password.
    #[error(
        "the address of the admin listener cannot be used: {why}; write it as http://HOST:PORT"
    )]
    Base {
        /// What is wrong with it.
        why: &'static str,
    },
    /// The token would be sent in clear over a network.
    #[error(
        "plain http is used only to this machine, because the token would be readable in transit: \
         use https, or a tunnel to the gateway's machine"
    )]
    Plaintext,
    /// The token is empty or malformed.
    #[error("the admin token is empty or contains characters that no token has: copy it again")]
    Token,
    /// TLS cannot be set up.
    #[error(transparent)]
    Trust(TrustError),
    /// Nothing listens at the address.
    #[error(
        "no gateway answers at {base} ({reason}): start it with `waybill serve`, name its address, \
         or use --offline where the command has it"
    )]
    NotRunning {
        /// The gateway's address.
        base: String,
        /// The operating system's error.
        reason: String,
    },
    /// The gateway cannot be reached, or closed the connection early.
    #[error("the gateway at {base} cannot be reached: {reason}")]
    Unreachable {
        /// The gateway's address.
        base: String,
        /// What failed.
        reason: String,
    },
    /// The server's certificate does not prove that it is the gateway. Nothing was sent.
    #[error(
        "the certificate of the server at {base} is not trusted ({reason}), so nothing was sent: use \
         the name in the certificate, and if your own certificate authority signed it, name that \
         authority's file with --ca-file"
    )]
    Unproven {
        /// The gateway's address.
        base: String,
        /// What is wrong with the certificate.
        reason: String,
    },
    /// The gateway did not respond in time. It may have done what was asked.
    #[error(
        "the gateway at {base} did not respond in time and may have done what you asked: check its \
         state before you repeat the command"
    )]
    Timeout {
        /// The gateway's address.
        base: String,
    },
    /// The response is not one that this client understands.
    #[error(
        "the response of {base} is not understood (status {status}: {what}): check that this is the \
         admin listener of a gateway"
    )]
    NotUnderstood {
        /// The gateway's address.
        base: String,
        /// The response's status.
        status: StatusCode,
        /// What was not understood.
        what: &'static str,
    },
    /// The gateway has another version, and does not know the request.
    #[error(
        "the gateway at {base} has version {gateway} and does not understand this request of version \
         {VERSION}: use the same version of both programs"
    )]
    Version {
        /// The gateway's address.
        base: String,
        /// The gateway's version.
        gateway: String,
    },
    /// The gateway does not accept the token.
    #[error("{0}")]
    Unauthorized(ApiError),
    /// The gateway refused the request and says why.
    #[error("{0}")]
    Api(ApiError),
}

/// An error response of the gateway.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ApiError {
    /// The response's status.
    pub status: StatusCode,
    /// A stable code: `unknown_account`, `rate_limited` …
    pub code: String,
    /// What happened.
    pub message: String,
    /// What to do next.
    pub remedy: Option<String>,
    /// The single mistakes, if the gateway's configuration has some.
    pub mistakes: Box<[MistakeView]>,
    /// How long to wait before the next attempt.
    pub retry_after: Option<Duration>,
}

impl ClientError {
    /// The gateway's error response, if the gateway refused the request.
    pub const fn api(&self) -> Option<&ApiError> {
        match self {
            Self::Unauthorized(failure) | Self::Api(failure) => Some(failure),
            Self::Base { .. }
            | Self::Plaintext
            | Self::Token
            | Self::Trust(_)
            | Self::NotRunning { .. }
            | Self::Unreachable { .. }
            | Self::Unproven { .. }
            | Self::Timeout { .. }
            | Self::NotUnderstood { .. }
            | Self::Version { .. } => None,
        }
    }

    /// What to do next, unless the message says it already.
    pub fn remedy(&self) -> Option<&str> {
        self.api()?.remedy.as_deref()
    }

    pub(super) fn from_transport(base: &str, error: HttpError) -> Self {
        let base = base.to_owned();
        let reason = error.message;
        match error.kind {
            // Only a refused connection means that nothing listens; the other errors have other
            // remedies.
            HttpErrorKind::Connect => Self::NotRunning { base, reason },
            // Apart from the others: the request may have taken effect.
            HttpErrorKind::Timeout => Self::Timeout { base },
            HttpErrorKind::Tls => Self::Unproven { base, reason },
            HttpErrorKind::Dns
            | HttpErrorKind::TooLarge
            | HttpErrorKind::Denied
            | HttpErrorKind::Other => Self::Unreachable { base, reason },
        }
    }

    pub(super) fn from_version(base: &str, version: ReportedVersion) -> Self {
        Self::Version {
            base: base.to_owned(),
            gateway: version.0.unwrap_or_default(),
        }
    }
}

/// The gateway's version as a response reports it.
pub(super) struct ReportedVersion(Option<String>);

impl ReportedVersion {
    pub(super) fn of(response: &HttpResponse) -> Self {
        let value = response.headers.get(VERSION_HEADER);
        let text = value.and_then(|value| value.to_str().ok());
        // Any server may answer here: its text ends up in a message, so it is kept short.
        Self(text.map(|text| text.chars().take(40).collect()))
    }

    pub(super) fn differs(&self) -> bool {
        // A server that reports no version is judged by its answers alone.
        self.0.as_ref().is_some_and(|version| version != VERSION)
    }
}
