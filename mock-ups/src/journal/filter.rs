//! Picks journal entries.

use std::fmt;

use crate::api::Environment;

use super::JournalEntry;

/// Kinds of requests, for filters and faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Endpoint {
    /// `POST /security/v1/oauth/token`.
    Token,
    /// `POST /security/v1/oauth/refresh`.
    Refresh,
    /// `GET /security/v1/oauth/authorize`, `validate-client` and the login page.
    Authorize,
    /// Everything below `/api/`, the products named below included.
    Api,
    /// `/api/rating/`.
    Rating,
    /// `/api/shipments/…/ship` and `void`, `/api/labels/`.
    Shipping,
    /// `/api/track/`.
    Tracking,
    /// `/api/shipments/…/transittimes`.
    TimeInTransit,
    /// `/api/addressvalidation/`.
    AddressValidation,
    /// Anything else.
    Other,
}

impl Endpoint {
    const ALL: [Self; 10] = [
        Self::Token,
        Self::Refresh,
        Self::Authorize,
        Self::Api,
        Self::Rating,
        Self::Shipping,
        Self::Tracking,
        Self::TimeInTransit,
        Self::AddressValidation,
        Self::Other,
    ];

    /// Whether the path belongs to the endpoint. A path below `/api/` belongs to [`Endpoint::Api`]
    /// and to its product.
    #[must_use]
    pub fn covers(self, path: &str) -> bool {
        let api = path.strip_prefix("/api/");
        let transit = path.ends_with("/transittimes");
        match self {
            Self::Token => path == "/security/v1/oauth/token",
            Self::Refresh => path == "/security/v1/oauth/refresh",
            Self::Authorize => AUTHORIZE_PATHS.contains(&path),
            Self::Api => api.is_some(),
            Self::Rating => api.is_some_and(|path| path.starts_with("rating/")),
            Self::Shipping => api.is_some_and(|path| {
                path.starts_with("labels/") || path.starts_with("shipments/") && !transit
            }),
            Self::Tracking => api.is_some_and(|path| path.starts_with("track/")),
            Self::TimeInTransit => transit && api.is_some(),
            Self::AddressValidation => {
                api.is_some_and(|path| path.starts_with("addressvalidation/"))
            }
            Self::Other => {
                let others = [Self::Token, Self::Refresh, Self::Authorize, Self::Api];
                others.into_iter().all(|endpoint| !endpoint.covers(path))
            }
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
            Self::Rating => "rating",
            Self::Shipping => "shipping",
            Self::Tracking => "tracking",
            Self::TimeInTransit => "time-in-transit",
            Self::AddressValidation => "address-validation",
            Self::Other => "other",
        }
    }

    /// The endpoint with this name.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|endpoint| endpoint.name() == name)
    }

    /// All names, for error texts.
    pub(crate) fn names() -> String {
        Self::ALL.map(Self::name).join(", ")
    }
}

const AUTHORIZE_PATHS: [&str; 3] = [
    "/security/v1/oauth/authorize",
    "/security/v1/oauth/validate-client",
    crate::oauth::LOGIN_PATH,
];

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
