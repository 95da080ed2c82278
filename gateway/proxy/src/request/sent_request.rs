//! A request that was sent, with what is needed to send it again.

use super::{
    credential::Injected,
    forward::Attempt,
    signature::{Signing, Target},
    trace::RequestTrace,
};
use crate::{
    directory::{RouteView, view::DirectoryView},
    fields::Fields,
    upstream::{
        body::{ReplayBody, RequestBody},
        client::RequestHead,
    },
};
use gateway_model::Generation;
use http::{HeaderValue, Method, uri::PathAndQuery};
use std::rc::Rc;

/// A request that was sent, with what is needed to send it again.
pub(super) struct SentRequest {
    pub(super) account: usize,
    pub(super) generation: Generation,
    pub(super) method: Method,
    pub(super) target: PathAndQuery,
    /// All fields but those that are injected.
    pub(super) fields: Fields,
    pub(super) replay_body: ReplayBody,
    /// The request's trace, if it takes part in one.
    pub(super) trace: Option<Rc<RequestTrace>>,
}

impl SentRequest {
    /// An attempt with this credential, and the `traceparent` that tells of it.
    pub(super) fn attempt<'a>(
        &'a self,
        injected: &'a Injected,
        body: RequestBody,
        traceparent: Option<&'a HeaderValue>,
    ) -> Attempt<'a> {
        Attempt {
            head: RequestHead {
                method: &self.method,
                target: &self.target,
                fields: &self.fields,
                added: &injected.fields,
                traceparent,
            },
            body,
            fresh: false,
        }
    }

    /// What of it is signed, and tells its operation.
    pub(super) fn of<'a>(&'a self, route: &'a RouteView) -> Target<'a> {
        Target {
            method: &self.method,
            target: &self.target,
            route,
            trace: self.trace.as_deref(),
        }
    }

    /// What a new signature needs, if the account's carrier requires one.
    pub(super) fn signing<'a>(
        &'a self,
        directory: &'a DirectoryView,
        route: &'a RouteView,
    ) -> Option<Signing<'a>> {
        directory.signer(self.account).map(|signer| Signing {
            signer,
            of: self.of(route),
            fields: &self.fields,
            body: &self.replay_body,
        })
    }
}
