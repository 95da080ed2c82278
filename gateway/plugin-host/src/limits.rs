//! How much a plugin may ask for.

use std::time::Duration;

/// Bounds of one authorization. Past any of them the plugin is at fault and the authorization ends.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Calls into the plugin.
    pub steps: usize,
    /// Requests and timers under way at one time.
    pub outstanding: usize,
    /// Bytes of a response's content.
    pub response: usize,
    /// Bytes of a request's content.
    pub request: usize,
    /// Bytes of a URL.
    pub url: usize,
    /// Header fields of a request, a response or a credential; parameters of an authorization.
    pub fields: usize,
    /// Bytes of one field's name and value.
    pub field: usize,
    /// Bytes of the state kept between authorizations.
    pub state: usize,
    /// For the whole authorization, requests included.
    pub deadline: Duration,
    /// For one request, and the most that a plugin may ask for.
    pub request_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            // A token takes one or two requests; what needs more than this goes in circles.
            steps: 16,
            outstanding: 8,
            response: 1 << 20,
            request: 256 << 10,
            url: 8 << 10,
            fields: 64,
            field: 16 << 10,
            state: 64 << 10,
            deadline: Duration::from_secs(30),
            request_timeout: Duration::from_secs(20),
        }
    }
}
