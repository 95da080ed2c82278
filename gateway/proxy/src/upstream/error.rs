//! Why an exchange with an upstream server failed.

use super::{body::BodyFault, client};
use std::fmt;

/// What went wrong with an exchange.
#[derive(Debug)]
pub(crate) enum ExchangeError {
    Http1(client::Http1Error),
    Http2(hyper::Error),
}

impl fmt::Display for ExchangeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Http1(client::Http1Error::Malformed(violation)) => {
                f.write_str(violation.message())
            }
            Self::Http1(client::Http1Error::Body) => f.write_str("the app's body broke off"),
            Self::Http1(client::Http1Error::Lost(error)) => error.fmt(f),
            Self::Http2(error) => error.fmt(f),
        }
    }
}

impl ExchangeError {
    /// What the app did wrong: its body was not as long as it had said.
    pub(crate) const fn fault(&self) -> Option<BodyFault> {
        match self {
            Self::Http1(client::Http1Error::Body) => Some(BodyFault::Malformed(None)),
            // Over HTTP/2 a body's fault is found in the body itself.
            Self::Http1(_) | Self::Http2(_) => None,
        }
    }

    /// Whether the carrier's answer is not what an answer may be.
    pub(crate) fn is_malformed(&self) -> bool {
        match self {
            Self::Http1(failure) => matches!(failure, client::Http1Error::Malformed(_)),
            Self::Http2(error) => error.is_parse(),
        }
    }
}
