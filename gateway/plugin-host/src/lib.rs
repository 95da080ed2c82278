//! The plugin host: finds, verifies, loads and drives carrier plugins.
//!
//! Invariant: it knows the ABI and no carrier by name.

mod authorize;
mod http;

pub use authorize::{Authorization, Issued, Reason};
pub use http::{HttpClient, HttpError, HttpErrorKind, HttpRequest, HttpResponse};
