//! Who is signed in, for a page.

use crate::{
    error::AdminError,
    sessions::{Flash, SessionKey, Sessions},
};
use axum::extract::FromRequestParts;
use gateway_control::{Actor, ControlPlane};
use gateway_model::{Role, Secret};
use http::request::Parts;
use jiff::{Timestamp, tz::TimeZone};
use std::sync::Arc;

/// Who is signed in. A page reaches the control plane only through it.
#[derive(Clone)]
pub(super) struct Visitor {
    pub(super) control: ControlPlane,
    pub(super) actor: Actor,
    pub(super) role: Role,
    pub(super) csrf: Secret,
    pub(super) zone: TimeZone,
    /// The time of the request.
    pub(super) now: Timestamp,
    pub(super) key: SessionKey,
    pub(super) sessions: Arc<Sessions>,
}

impl Visitor {
    /// Whether this person may change something.
    pub(super) fn may_change(&self) -> bool {
        self.role == Role::Admin
    }

    /// Says something good on the next page.
    pub(super) fn tell(&self, text: impl Into<String>) {
        let (good, text) = (true, text.into());
        let remedy = None;
        self.sessions
            .set_flash(self.key, Flash { good, text, remedy });
    }

    /// Says on the next page what went wrong.
    pub(super) fn tell_error(&self, error: &AdminError) {
        let detail = error.detail();
        let flash = Flash {
            good: false,
            text: detail.message,
            remedy: detail.remedy,
        };
        self.sessions.set_flash(self.key, flash);
    }
}

impl<S: Sync> FromRequestParts<S> for Visitor {
    type Rejection = AdminError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, AdminError> {
        // Absent on a page for anybody: such a handler must not act for anyone.
        let visitor = parts.extensions.get::<Self>().cloned();
        std::future::ready(visitor.ok_or(AdminError::NoToken)).await
    }
}
