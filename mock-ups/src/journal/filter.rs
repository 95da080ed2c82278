//! Picks journal entries.

use crate::api::Environment;

use super::JournalEntry;

/// Kinds of requests, for filters and faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// `POST /security/v1/oauth/token`.
    Token,
    /// `POST /security/v1/oauth/refresh`.
    Refresh,
    /// `GET /security/v1/oauth/authorize`, `validate-client` and the login page.
    Authorize,
    /// Everything below `/api/`.
    Api,
    /// Anything else.
    Other,
}

impl Endpoint {
    /// The endpoint that a path belongs to.
    #[must_use]
    pub fn of(path: &str) -> Self {
        if path.starts_with("/api/") {
            return Self::Api;
        }
        match path {
            "/security/v1/oauth/token" => Self::Token,
            "/security/v1/oauth/refresh" => Self::Refresh,
            "/security/v1/oauth/authorize"
            | "/security/v1/oauth/validate-client"
            | crate::oauth::LOGIN_PATH => Self::Authorize,
            _ => Self::Other,
        }
    }

    /// The name in scenarios and queries.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Refresh => "refresh",
            Self::Authorize => "authorize",
            Self::Api => "api",
            Self::Other => "other",
        }
    }

    /// The endpoint with this name.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        let all = [
            Self::Token,
            Self::Refresh,
            Self::Authorize,
            Self::Api,
            Self::Other,
        ];
        all.into_iter().find(|endpoint| endpoint.name() == name)
    }
}

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
        entry.seq > self.after
            && self
                .endpoint
                .is_none_or(|endpoint| Endpoint::of(entry.path()) == endpoint)
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
