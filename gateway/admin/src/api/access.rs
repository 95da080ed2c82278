//! What stands before every handler: who may, how often, how much, how long.

use super::{callback, caller::Caller};
use crate::{
    error::AdminError,
    host,
    server::{Peer, Shared},
};
use axum::{
    body::{Body, to_bytes},
    extract::Request,
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use gateway_control::{ControlPlane, Identity};
use gateway_model::{Role, Secret};
use http::{HeaderMap, header};
use sha2::{Digest as _, Sha256};
use std::{net::IpAddr, time::Duration};
use tokio::time::timeout;
use tokio_util::task::TaskTracker;

/// Longer contents are refused.
const MAX_BODY: usize = 1024 * 1024;
/// For a request's content to arrive.
const BODY_DEADLINE: Duration = Duration::from_secs(20);
/// For everything else; carriers may be asked several times. The client waits a little longer.
const DEADLINE: Duration = Duration::from_secs(180);
/// Longer tokens are nobody's.
const MAX_TOKEN: usize = 512;

/// Who may use a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    /// Anybody who reaches the listener.
    Public,
    /// The same, with a browser: what stands in the way is told on a page.
    Browser,
    /// Any admin token.
    ReadOnly,
    /// Only an admin token of the role admin.
    Admin,
}

impl Access {
    const fn admits(self, role: Role) -> bool {
        match (self, role) {
            (Self::Public | Self::Browser | Self::ReadOnly, Role::Admin | Role::ReadOnly)
            | (Self::Admin, Role::Admin) => true,
            (Self::Admin, Role::ReadOnly) => false,
        }
    }
}

/// Lets a request through to its handler, or says why not.
pub(super) async fn guard(
    shared: Shared,
    access: Access,
    request: Request,
    next: Next,
) -> Response {
    let answer = match admit(&shared, access, request).await {
        Ok(request) => finish(&shared.tasks, next.run(request)).await,
        Err(error) => Err(error),
    };
    answer.unwrap_or_else(|error| match access {
        Access::Browser => callback::failed(&error),
        Access::Public | Access::ReadOnly | Access::Admin => error.into_response(),
    })
}

async fn admit(
    shared: &Shared,
    access: Access,
    mut request: Request,
) -> Result<Request, AdminError> {
    let Peer(peer) = *(request.extensions().get::<Peer>()).ok_or(AdminError::Broken)?;
    let now = shared.clock.now();
    shared
        .throttle
        .request(peer, now)
        .map_err(AdminError::TooMany)?;
    host::check_site(request.method(), request.headers())?;
    if matches!(access, Access::Public | Access::Browser) {
        return Ok(request);
    }
    let control = shared.control.clone().ok_or(AdminError::NoControl)?;
    let identity = identify(shared, &control, peer, request.headers()).await?;
    if !access.admits(identity.role) {
        return Err(AdminError::ReadOnly);
    }
    request.extensions_mut().insert(Caller {
        control,
        actor: identity.actor,
    });
    buffer(request).await
}

/// Whose token it is. Who guesses too often is not listened to any more; a token that was right
/// before still is, so nobody can lock an administrator out by guessing from the same address.
async fn identify(
    shared: &Shared,
    control: &ControlPlane,
    peer: IpAddr,
    headers: &HeaderMap,
) -> Result<Identity, AdminError> {
    let token = bearer(headers);
    let digest = token
        .as_ref()
        .map(|token| Sha256::digest(token.expose()).into());
    let throttle = &shared.throttle;
    throttle
        .attempt(peer, digest.as_ref(), shared.clock.now())
        .map_err(AdminError::TooMany)?;
    let Some((token, digest)) = token.zip(digest) else {
        throttle.failed(peer, None, shared.clock.now());
        return Err(AdminError::NoToken);
    };
    if let Some(identity) = control.authenticate(&token).await? {
        throttle.proven(digest);
        return Ok(identity);
    }
    throttle.failed(peer, Some(&digest), shared.clock.now());
    tracing::warn!(%peer, "a request to the admin API had a wrong token");
    Err(AdminError::WrongToken)
}

/// The token of the one `Authorization` field.
fn bearer(headers: &HeaderMap) -> Option<Secret> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return None;
    };
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    let token = token.trim();
    let plausible =
        (1..=MAX_TOKEN).contains(&token.len()) && token.bytes().all(|byte| byte.is_ascii_graphic());
    (scheme.eq_ignore_ascii_case("bearer") && plausible).then(|| Secret::new(token.to_owned()))
}

/// Takes the whole content in, so that a handler that began is never held up by its caller.
async fn buffer(request: Request) -> Result<Request, AdminError> {
    let (head, body) = request.into_parts();
    let announced = head.headers.get(header::CONTENT_LENGTH);
    let announced = announced.and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > MAX_BODY as u64) {
        return Err(AdminError::TooLarge);
    }
    let content = timeout(BODY_DEADLINE, to_bytes(body, MAX_BODY))
        .await
        .map_err(|_late| {
            AdminError::Invalid("slow_content", "the content did not arrive in time".into())
        })?
        .map_err(|_too_long_or_cut| AdminError::TooLarge)?;
    Ok(Request::from_parts(head, Body::from(content)))
}

/// What was begun is brought to its end, even if the caller hangs up or the time is over.
async fn finish(
    tasks: &TaskTracker,
    work: impl Future<Output = Response> + Send + 'static,
) -> Result<Response, AdminError> {
    match timeout(DEADLINE, tasks.spawn(work)).await {
        Ok(Ok(response)) => Ok(response),
        Ok(Err(error)) => {
            tracing::error!(%error, "a request to the admin API met a defect");
            Err(AdminError::Broken)
        }
        Err(_late) => Err(AdminError::Late),
    }
}

#[cfg(test)]
mod tests;
