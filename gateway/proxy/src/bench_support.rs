//! A door for the project's own benches to phases that are private. Not part of the crate's interface.

use crate::{
    Directory, DirectoryError,
    directory::{
        app_token::{AppTokens, Verdict, VerifiedTokens},
        index::Index,
    },
    fields::Fields,
    request::route,
    upstream::{
        body::RequestBody,
        client::{self, RequestHead},
    },
};
use gateway_model::{Credential, SecretBytes};
use http::{HeaderMap, Method, Uri, uri::PathAndQuery};
use std::time::{Duration, Instant, SystemTime};

/// Look-ups in a directory.
#[derive(Debug)]
pub struct Lookup(Index);

impl Lookup {
    /// Prepares a directory as the gateway does.
    ///
    /// # Errors
    /// When the directory cannot be served.
    pub fn new(directory: Directory) -> Result<Self, DirectoryError> {
        Index::new(directory, None, 1).map(Self)
    }

    /// The route of a request, by `Host` or else by prefix, and the target that is sent on.
    #[must_use]
    pub fn route(&self, host: &str, uri: &Uri) -> Option<(usize, PathAndQuery)> {
        if let Some(route) = self.0.route_by_host(host) {
            return Some((route, route::target(uri, 0)?));
        }
        let found = self.0.route_by_prefix(uri.path())?;
        let strip = self.0.routes[found].prefix.as_ref().map_or(0, String::len);
        Some((found, route::target(uri, strip)?))
    }

    /// The app of that client id, and its account in the realm of a route.
    #[must_use]
    pub fn app(&self, client_id: &str, route: usize) -> Option<usize> {
        let app = self.0.app_by_client_id(client_id)?;
        self.0.apps[app].default_account(self.0.routes[route].realm)
    }
}

/// One worker's issuer and verifier of the gateway's own tokens.
#[expect(missing_debug_implementations, reason = "it holds keys")]
pub struct Tokens(AppTokens, VerifiedTokens);

impl Tokens {
    /// With this key.
    #[must_use]
    pub fn new(key: &SecretBytes) -> Self {
        Self(AppTokens::new(key), VerifiedTokens::default())
    }

    /// A token for the app that this text names.
    #[must_use]
    pub fn issue(&self, app: &str, wall: SystemTime) -> Option<String> {
        self.0
            .issue(app, false, "bench", wall, Duration::from_secs(3600))
    }

    /// Whether the token is good.
    pub fn is_good(&mut self, token: &str, now: Instant, wall: SystemTime) -> bool {
        let Self(tokens, remembered) = self;
        let verdict = tokens.verify(remembered, token, now, || wall, |_| Some(0));
        matches!(verdict, Verdict::Good(_))
    }
}

/// The fields of a request.
#[derive(Debug)]
pub struct MessageFields(Fields);

impl From<HeaderMap> for MessageFields {
    fn from(headers: HeaderMap) -> Self {
        Self(headers.into())
    }
}

/// Writes the head of a request with a credential in it, as it goes out.
pub fn inject(buffer: &mut Vec<u8>, fields: &MessageFields, credential: &Credential) {
    let head = RequestHead {
        method: &Method::POST,
        target: &PathAndQuery::from_static("/api/rating/v2409/Shop"),
        fields: &fields.0,
        added: &credential.headers.clone(),
        traceparent: None,
    };
    client::write_head(buffer, head, &RequestBody::Empty);
}
