//! Why an exchange over HTTP/1.1 failed.

use gateway_framing::Violation;
use std::io;

/// Why an exchange cannot go on. The connection is of no use any more.
#[derive(Debug)]
pub(crate) enum Http1Error {
    /// The carrier's answer is not what an answer may be.
    Malformed(Violation),
    /// The app's body broke off; what was wrong with it is known elsewhere.
    Body,
    /// The connection broke, or ended before the answer did.
    Lost(io::Error),
}

impl From<Violation> for Http1Error {
    fn from(violation: Violation) -> Self {
        Self::Malformed(violation)
    }
}

impl From<io::Error> for Http1Error {
    fn from(error: io::Error) -> Self {
        Self::Lost(error)
    }
}
