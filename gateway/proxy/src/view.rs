//! A worker's own copies of accounts and routes.
//!
//! Cloning a header value counts a reference. Were the count shared between workers, every request
//! would pull its cache line from another core; so each worker has values of its own.

use crate::{
    directory::{Account, Route},
    upstream::Upstream,
};
use gateway_model::{
    CarrierProfile, Credential, CredentialState, CredentialView, Environment, HeaderWhenAbsent,
    Unavailable,
};
use http::{HeaderName, HeaderValue};
use std::{rc::Rc, sync::Arc, time::Instant};

/// See the module.
pub(crate) struct AccountView {
    /// The account's name, for `Waybill-Account`.
    pub(crate) name: HeaderValue,
    credential: CredentialView,
}

impl AccountView {
    pub(crate) fn new(account: &Account) -> Self {
        Self {
            name: HeaderValue::from_str(account.id.as_str())
                .expect("an account's name is made of letters, digits, '-', '_' and '.'"),
            credential: CredentialView::new(Arc::clone(&account.cell)),
        }
    }

    /// The credential, if there is one and it has not expired (P9: an expired one is never sent).
    pub(crate) fn usable(&mut self, now: Instant) -> Result<&Credential, Missing> {
        match self.credential.current() {
            CredentialState::Usable(credential) if now < credential.expires_at => Ok(credential),
            CredentialState::Usable(_) => Err(Missing::Expired),
            CredentialState::Absent(why) => Err(Missing::Absent(why.clone())),
        }
    }
}

/// Why there is nothing to inject.
#[derive(Clone, Debug)]
pub(crate) enum Missing {
    Expired,
    Absent(Unavailable),
}

/// A route, with everything prepared that its requests need.
pub(crate) struct RouteView {
    pub(crate) profile: Arc<CarrierProfile>,
    /// The origin's authority, for `Host`.
    pub(crate) host: HeaderValue,
    pub(crate) environment: HeaderValue,
    pub(crate) when_absent: Vec<HeaderWhenAbsent>,
    /// Fields in which a client could send credentials of its own.
    pub(crate) credential_headers: Vec<HeaderName>,
    pub(crate) upstream: Rc<Upstream>,
}

impl RouteView {
    pub(crate) fn new(route: &Route, upstream: Rc<Upstream>) -> Self {
        let profile = &route.profile;
        let legacy = profile.legacy.iter();
        let legacy = legacy.flat_map(|legacy| legacy.strip.iter().chain([&legacy.key_header]));
        let mut credential_headers = Vec::new();
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
            when_absent: route.profile.headers_when_absent.iter().map(own).collect(),
            credential_headers,
            upstream,
        }
    }
}

/// A copy that shares no memory.
fn own(wanted: &HeaderWhenAbsent) -> HeaderWhenAbsent {
    let own_name = |name: &HeaderName| {
        HeaderName::from_bytes(name.as_str().as_bytes()).expect("the text of a name is a name")
    };
    match wanted {
        HeaderWhenAbsent::Fixed(name, value) => {
            let value = HeaderValue::from_bytes(value.as_bytes());
            HeaderWhenAbsent::Fixed(
                own_name(name),
                value.expect("the bytes of a value are a value"),
            )
        }
        HeaderWhenAbsent::RequestId(name) => HeaderWhenAbsent::RequestId(own_name(name)),
    }
}
