//! Where an export goes, and what it says about its sender.

use http::HeaderMap;
use std::{fmt, time::Duration};

/// Where an export goes, and from whom.
#[derive(Clone, Debug)]
pub struct ExportSettings {
    /// The collector.
    pub target: Target,
    /// What all that is exported says about this gateway.
    pub resource: Resource,
}

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

/// What is said about the gateway that exports, by name.
pub type Resource = Vec<(String, String)>;

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Neither fields nor the endpoint, which may hold a key.
        f.debug_struct("Target")
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}
