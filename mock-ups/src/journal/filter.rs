//! Picks journal entries.

use std::fmt;

use crate::api::Environment;
use crate::endpoint::Endpoint;

use super::JournalEntry;

/// Which entries are meant; what is not set does not matter.
#[derive(Debug, Clone, Default)]
#[must_use = "a filter picks nothing until it is handed to the journal"]
pub struct Filter {
    endpoint: Option<Endpoint>,
    client: Option<String>,
    environment: Option<Environment>,
    status: Option<u16>,
    path: Option<String>,
    after: u64,
    with_findings: bool,
}

impl Filter {
    /// Every request.
    pub fn any() -> Self {
        Self::default()
    }

    /// Requests to an endpoint.
    pub fn endpoint(mut self, endpoint: Endpoint) -> Self {
        self.endpoint = Some(endpoint);
        self
    }

    /// Requests of an oauth client.
    pub fn client(mut self, client_id: impl Into<String>) -> Self {
        self.client = Some(client_id.into());
        self
    }

    /// Requests to an environment.
    pub fn environment(mut self, environment: Environment) -> Self {
        self.environment = Some(environment);
        self
    }

    /// Requests that were answered with this status.
    pub fn status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }

    /// Requests whose path and query contain this text.
    pub fn path(mut self, part: impl Into<String>) -> Self {
        self.path = Some(part.into());
        self
    }

    /// Requests after the one with this number.
    pub fn after(mut self, seq: u64) -> Self {
        self.after = seq;
        self
    }

    /// Requests in which the lint found something.
    pub fn with_findings(mut self) -> Self {
        self.with_findings = true;
        self
    }

    pub(crate) fn admits(&self, entry: &JournalEntry) -> bool {
        // The cheap test first: it is what a client that polls asks for.
        entry.seq > self.after
            && self
                .endpoint
                .is_none_or(|endpoint| endpoint.covers(entry.path()))
            && self
                .client
                .as_ref()
                .is_none_or(|client| *client == entry.client)
            && self
                .environment
                .is_none_or(|environment| environment == entry.environment)
            && self.status.is_none_or(|status| status == entry.status)
            && self
                .path
                .as_ref()
                .is_none_or(|part| entry.target.contains(part.as_str()))
            && (!self.with_findings || !entry.findings.is_empty())
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            self.endpoint
                .map(|endpoint| format!("endpoint {}", endpoint.name())),
            self.client
                .as_ref()
                .map(|client| format!("client {client}")),
            self.environment
                .map(|environment| format!("environment {}", environment.name())),
            self.status.map(|status| format!("status {status}")),
            self.path.as_ref().map(|part| format!("path with {part:?}")),
            (self.after > 0).then(|| format!("after #{}", self.after)),
            self.with_findings.then(|| "with findings".to_owned()),
        ];
        let named: Vec<_> = parts.into_iter().flatten().collect();
        if named.is_empty() {
            f.write_str("any")
        } else {
            f.write_str(&named.join(", "))
        }
    }
}
