//! Why a call came to nothing.

use crate::wire::{VERSION, VERSION_FIELD};
use gateway_http_client::{HttpError, HttpErrorKind, HttpResponse, TrustError};
use http::StatusCode;
use std::time::Duration;

/// Why a call came to nothing, and what to do. Never a secret.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The address of the gateway cannot be used. It is not repeated: it may hold a password.
    #[error(
        "the address of the admin listener cannot be used: {why}; write it as http://HOST:PORT"
    )]
    Base {
        /// What is wrong with it.
        why: &'static str,
    },
    /// The token would travel in clear.
    #[error(
        "plain http goes to this machine only, because the token would be readable on the way: \
         use https, or a tunnel to the machine of the gateway"
    )]
    Plaintext,
    /// The token is empty, or holds what no token holds.
    #[error("the admin token is empty or holds characters that no token has; copy it again")]
    Token,
    /// TLS cannot be set up.
    #[error(transparent)]
    Trust(TrustError),
    /// Nobody listens.
    #[error(
        "no gateway answers at {base} ({reason}): start it with `waybill serve`, name its address, \
         or use --offline where the command has it"
    )]
    NotRunning {
        /// Where it was looked for.
        base: String,
        /// What the system said.
        reason: String,
    },
    /// The gateway cannot be reached, or broke the exchange off.
    #[error("the gateway at {base} cannot be reached: {reason}")]
    Unreachable {
        /// Where.
        base: String,
        /// What was tried.
        reason: String,
    },
    /// Whoever answers is not proven to be the gateway; nothing was sent.
    #[error(
        "what answers at {base} is not known to be the gateway ({reason}); nothing was sent: call it \
         by the name in its certificate, and if an authority of your own signed that, name the \
         authority's file in SSL_CERT_FILE"
    )]
    Unproven {
        /// Where.
        base: String,
        /// What is wrong with the certificate.
        reason: String,
    },
    /// It did not answer in time. What was asked may have been done all the same.
    #[error(
        "the gateway at {base} gave no answer in time: look at its state before you repeat the command"
    )]
    Timeout {
        /// Where.
        base: String,
    },
    /// Something answers, but not as this client expects.
    #[error(
        "what answers at {base} is not understood (status {status}: {what}): is this the admin \
         listener of a gateway?"
    )]
    NotUnderstood {
        /// Where.
        base: String,
        /// Its status.
        status: StatusCode,
        /// What was not understood.
        what: &'static str,
    },
    /// The gateway is of another version, and does not know what was asked.
    #[error(
        "the gateway at {base} has version {gateway}, this program has {VERSION}, and they do not \
         understand each other here: use the same version of both"
    )]
    Version {
        /// Where.
        base: String,
        /// Its version.
        gateway: String,
    },
    /// The gateway does not know the token.
    #[error("{0}")]
    Unauthorized(ApiFailure),
    /// The gateway did not do it, and says why.
    #[error("{0}")]
    Api(ApiFailure),
}

/// What the gateway said instead of doing what was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ApiFailure {
    /// Its status.
    pub status: StatusCode,
    /// Stable: `unknown_account`, `rate_limited` …
    pub code: String,
    /// What happened.
    pub message: String,
    /// What to do next.
    pub remedy: Option<String>,
    /// When it can be tried again.
    pub retry_after: Option<Duration>,
}

impl ClientError {
    /// What the gateway said, if it was the gateway that refused.
    pub const fn api(&self) -> Option<&ApiFailure> {
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

    /// What to do next, where the message does not say it already.
    pub fn remedy(&self) -> Option<&str> {
        self.api()?.remedy.as_deref()
    }

    pub(super) fn of_transport(base: &str, error: HttpError) -> Self {
        let base = base.to_owned();
        let reason = error.message;
        match error.kind {
            HttpErrorKind::Connect => Self::NotRunning { base, reason },
            HttpErrorKind::Timeout => Self::Timeout { base },
            HttpErrorKind::Tls => Self::Unproven { base, reason },
            HttpErrorKind::Dns
            | HttpErrorKind::TooLarge
            | HttpErrorKind::Denied
            | HttpErrorKind::Other => Self::Unreachable { base, reason },
        }
    }

    pub(super) fn other_version(base: &str, said: Said) -> Self {
        Self::Version {
            base: base.to_owned(),
            gateway: said.0.unwrap_or_default(),
        }
    }
}

/// The version that an answer names.
pub(super) struct Said(Option<String>);

impl Said {
    pub(super) fn of(answer: &HttpResponse) -> Self {
        let value = answer.headers.get(VERSION_FIELD);
        let text = value.and_then(|value| value.to_str().ok());
        Self(text.map(|text| text.chars().take(40).collect()))
    }

    pub(super) fn is_other_version(&self) -> bool {
        self.0.as_ref().is_some_and(|version| version != VERSION)
    }
}
