//! Who asks.

use crate::error::AdminError;
use axum::extract::FromRequestParts;
use gateway_control::{Actor, ControlPlane};
use http::request::Parts;

/// An admitted caller: the only way by which a handler gets at the control plane.
#[derive(Clone)]
pub(super) struct Caller {
    pub(super) control: ControlPlane,
    pub(super) actor: Actor,
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = AdminError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, AdminError> {
        // Absent on a route that asks for no token: such a handler must not act for anybody.
        let caller = parts.extensions.get::<Self>().cloned();
        std::future::ready(caller.ok_or(AdminError::NoToken)).await
    }
}
