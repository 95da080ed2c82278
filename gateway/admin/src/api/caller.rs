//! The caller of an admitted request.

use crate::error::AdminError;
use axum::extract::FromRequestParts;
use gateway_control::{Actor, ControlPlane};
use http::request::Parts;

/// The caller of an admitted request. A handler reaches the control plane only through it.
#[derive(Clone)]
pub(super) struct Caller {
    pub(super) control: ControlPlane,
    pub(super) actor: Actor,
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = AdminError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, AdminError> {
        // Absent on a route without a token: such a handler must not act for anyone.
        let caller = parts.extensions.get::<Self>().cloned();
        std::future::ready(caller.ok_or(AdminError::NoToken)).await
    }
}
