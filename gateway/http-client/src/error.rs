//! A request that brought no response, and how far it got.

/// The step at which a request failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HttpErrorKind {
    /// The host name did not resolve.
    Dns,
    /// No TCP connection was established.
    Connect,
    /// No TLS session was established.
    Tls,
    /// The deadline passed after the request may have been written.
    Timeout,
    /// The response was longer than allowed.
    TooLarge,
    /// The request was refused here and never left the process.
    Denied,
    /// The exchange failed after the first byte was written.
    Other,
}

impl HttpErrorKind {
    /// A stable name, for telemetry.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Timeout => "timeout",
            Self::TooLarge => "too_large",
            Self::Denied => "denied",
            Self::Other => "broken",
        }
    }
}

/// A request without a response.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct HttpError {
    /// The step at which it failed.
    pub kind: HttpErrorKind,
    /// Explanation for people; never a secret.
    pub message: String,
}

impl HttpError {
    /// Creates an error.
    pub fn new(kind: HttpErrorKind, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { kind, message }
    }

    /// Whether the server cannot have seen the request, so that a single-use grant in it is
    /// unharmed.
    pub const fn certainly_not_sent(&self) -> bool {
        matches!(
            self.kind,
            HttpErrorKind::Dns
                | HttpErrorKind::Connect
                | HttpErrorKind::Tls
                | HttpErrorKind::Denied
        )
    }
}
