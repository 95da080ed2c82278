//! A worker's own copy of a route.

use super::types::Route;
use crate::upstream::UpstreamPool;
use gateway_model::{CarrierProfile, Environment, HeaderWhenAbsent};
use http::{HeaderName, HeaderValue};
use std::{rc::Rc, sync::Arc};

/// A route, with everything prepared that its requests need.
pub(crate) struct RouteView {
    pub(crate) profile: Arc<CarrierProfile>,
    /// The origin's authority, for `Host`.
    pub(crate) host: HeaderValue,
    pub(crate) environment: HeaderValue,
    /// Set if the carrier's environments differ by path only.
    pub(crate) only_paths_of: Option<Environment>,
    pub(crate) when_absent: Vec<HeaderWhenAbsent>,
    /// Fields in which a client could send credentials of its own.
    pub(crate) credential_headers: Vec<HeaderName>,
    /// What plainly spelled paths of the authorization server begin with.
    pub(crate) authorization_roots: Vec<String>,
    pub(crate) upstream: Rc<UpstreamPool>,
}

impl RouteView {
    pub(crate) fn new(route: &Route, upstream: Rc<UpstreamPool>) -> Self {
        let profile = &route.profile;
        // The older API's fields as well: its key is a credential.
        let legacy = profile.legacy.iter();
        let legacy = legacy.flat_map(|legacy| legacy.strip.iter().chain([&legacy.key_header]));
        let mut credential_headers = Vec::new();
        // Once each: a carrier may name one field in both lists.
        for name in profile.credential_headers.iter().chain(legacy) {
            if !credential_headers.contains(name) {
                credential_headers.push(name.clone());
            }
        }
        Self {
            profile: Arc::clone(&route.profile),
            host: HeaderValue::from_str(&route.origin.authority())
                .expect("an origin's authority is made of visible ASCII characters"),
            environment: HeaderValue::from_static(match route.environment {
                Environment::Production => "production",
                Environment::Test => "test",
            }),
            only_paths_of: (profile.api.environment_path(route.environment))
                .map(|_| route.environment),
            when_absent: route
                .profile
                .headers_when_absent
                .iter()
                .map(copy_of)
                .collect(),
            credential_headers,
            authorization_roots: authorization_roots(profile),
            upstream,
        }
    }
}

/// The text of each template up to its first placeholder.
fn authorization_roots(profile: &CarrierProfile) -> Vec<String> {
    let templates = profile.api.authorization_paths().iter();
    let root = |template: &str| template.split('{').next().unwrap_or_default().to_owned();
    templates.map(|template| root(template.as_str())).collect()
}

/// A copy that shares no memory.
fn copy_of(wanted: &HeaderWhenAbsent) -> HeaderWhenAbsent {
    let name_of = |name: &HeaderName| {
        HeaderName::from_bytes(name.as_str().as_bytes()).expect("the text of a name is a name")
    };
    match wanted {
        HeaderWhenAbsent::Fixed(name, value) => {
            let value = HeaderValue::from_bytes(value.as_bytes());
            HeaderWhenAbsent::Fixed(
                name_of(name),
                value.expect("the bytes of a value are a value"),
            )
        }
        HeaderWhenAbsent::RequestId(name) => HeaderWhenAbsent::RequestId(name_of(name)),
    }
}
