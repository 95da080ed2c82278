//! Why an exchange with an upstream server failed.

use super::{body::BodyFault, client};
use std::{error::Error as _, fmt};

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

    /// Whether the connection ended under the exchange, as opposed to a response that cannot be used or a
    /// fault of the app.
    pub(crate) fn is_lost(&self) -> bool {
        match self {
            Self::Http1(failure) => matches!(failure, client::Http1Error::Lost(_)),
            Self::Http2(error) => {
                let cause = error.source();
                match cause.and_then(|cause| cause.downcast_ref::<h2::Error>()) {
                    // GOAWAY, and a stream that the server refused, mean the same for a request as a
                    // closed connection (RFC 9113 section 8.7). Any other reset is a kind of response.
                    Some(cause) => {
                        cause.is_io()
                            || cause.is_remote()
                                && (cause.is_go_away()
                                    || cause.reason() == Some(h2::Reason::REFUSED_STREAM))
                    }
                    None => cause.is_some_and(|cause| cause.is::<std::io::Error>()),
                }
            }
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
