//! The kinds of requests that filters and faults name, and the paths that more than one part knows.

/// Where the login page is, standing in for `https://www.ups.com/lasso/signin`.
pub(crate) const LOGIN_PATH: &str = "/lasso/signin";

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
    /// What the mock itself posts: events of Track Alert.
    Push,
    /// Anything else.
    Other,
}

impl Endpoint {
    const ALL: [Self; 11] = [
        Self::Token,
        Self::Refresh,
        Self::Authorize,
        Self::Api,
        Self::Rating,
        Self::Shipping,
        Self::Tracking,
        Self::TimeInTransit,
        Self::AddressValidation,
        Self::Push,
        Self::Other,
    ];

    /// Whether the path belongs to the endpoint. A path below `/api/` belongs to [`Endpoint::Api`]
    /// and to its product.
    #[must_use]
    pub fn covers(self, path: &str) -> bool {
        let api = path.strip_prefix("/api/");
        // Time in Transit shares its first segment with shipping, so the end decides.
        let transit = path.ends_with("/transittimes");
        match self {
            Self::Token => matches!(
                path,
                "/security/v1/oauth/token" | "/security/v2/oauth/token"
            ),
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
            // Only what is sent has a whole URL in place of a path.
            Self::Push => path.starts_with("http"),
            Self::Other => {
                let others = [
                    Self::Token,
                    Self::Refresh,
                    Self::Authorize,
                    Self::Api,
                    Self::Push,
                ];
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
            Self::Push => "push",
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
    LOGIN_PATH,
];
