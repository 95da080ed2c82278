//! Where spans go, and what they say about their sender.

use http::HeaderMap;
use std::{fmt, time::Duration};

/// The collector.
#[derive(Clone)]
pub struct Target {
    /// Its base URL, without a slash at the end: `/v1/traces` is appended.
    pub endpoint: String,
    /// Further fields of each request, such as the key of a service. Secret.
    pub headers: HeaderMap,
    /// How long one request may take.
    pub timeout: Duration,
}

/// What all spans say about the gateway that sent them, by name.
pub type Resource = Vec<(String, String)>;

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Neither fields nor the endpoint, which may hold a key.
        f.debug_struct("Target")
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}
