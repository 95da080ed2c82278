//! The checks before every handler: cross-site check, token, rate limit, role, size, deadline.

use super::{access::Access, caller::Caller};
use crate::{
    content,
    context::{AdminContext, Peer},
    error::AdminError,
    host,
    ui::consent_page,
};
use axum::{
    extract::Request,
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use gateway_control::{ControlPlane, Identity};
use gateway_model::Secret;
use http::{HeaderMap, header};
use std::net::IpAddr;

/// The maximum length of an admin token.
// This program's own are shorter; the limit bounds what is hashed for a guess.
const MAX_TOKEN: usize = 512;

/// Passes a request on to its handler, or responds with an error.
pub(super) async fn guard(
    context: AdminContext,
    access: Access,
    request: Request,
    next: Next,
) -> Response {
    let response = match admit(&context, access, request).await {
        // From here on the work belongs to the tracker, not to the connection.
        Ok(request) => content::finish(&context.tasks, next.run(request)).await,
        Err(error) => Err(error),
    };
    response.unwrap_or_else(|error| match access {
        // A person sees this one, so it is a page.
        Access::Browser => consent_page::error(&error),
        Access::Public | Access::ReadOnly | Access::Admin => error.into_response(),
    })
}

async fn admit(
    context: &AdminContext,
    access: Access,
    mut request: Request,
) -> Result<Request, AdminError> {
    let Peer(peer) = *(request.extensions().get::<Peer>()).ok_or(AdminError::Internal)?;
    let now = context.clock.now();
    // Before anything is counted, so that a page of another site cannot use up its visitor's budgets.
    host::check_site(&request)?;
    if matches!(access, Access::Public | Access::Browser) {
        context
            .throttle
            .anonymous(peer, now)
            .map_err(AdminError::TooMany)?;
        return Ok(request);
    }
    // A listener without a control plane still serves health, metrics and the document.
    let control = context.control.clone().ok_or(AdminError::NoControl)?;
    let identity = identify(context, &control, peer, request.headers()).await?;
    // After the token is known to be right, so that only its holder can use this budget up.
    context
        .throttle
        .with_token(&identity.actor.0, now)
        .map_err(AdminError::TooMany)?;
    if !access.admits(identity.role) {
        return Err(AdminError::ReadOnly);
    }
    // Only an admitted request gets a `Caller`, so a handler cannot act for anyone else.
    request.extensions_mut().insert(Caller {
        control,
        actor: identity.actor,
    });
    // Last: a client without a token cannot make this listener hold a whole content in memory.
    content::buffer(request, content::MAX_BODY).await
}

/// The holder of the request's token. Every token is looked at, however many wrong ones came before:
/// otherwise who guesses would lock out an administrator at the same address. Guessing gains nothing
/// by that, because a token has 256 random bits and looking at one reads memory only.
async fn identify(
    context: &AdminContext,
    control: &ControlPlane,
    peer: IpAddr,
    headers: &HeaderMap,
) -> Result<Identity, AdminError> {
    let token = bearer(headers);
    if let Some(token) = &token
        && let Some(identity) = control.authenticate(token).await?
    {
        return Ok(identity);
    }
    // A request without a token counts like a wrong one: otherwise leaving it out would probe the
    // limit for free.
    context.count_guess(peer)?;
    if token.is_none() {
        return Err(AdminError::NoToken);
    }
    // Only for guesses within the limit, so that a flood of guesses does not flood the log. With the
    // address and never with the token: it may be a right one with a typing error.
    tracing::warn!(%peer, "a request to the admin API had an unknown admin token");
    Err(AdminError::WrongToken)
}

/// The token in the `Authorization` field. Two such fields are ambiguous and count as none.
pub(super) fn bearer(headers: &HeaderMap) -> Option<Secret> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return None;
    };
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    // Some programs put more than one space after the scheme.
    let token = token.trim();
    let plausible =
        (1..=MAX_TOKEN).contains(&token.len()) && token.bytes().all(|byte| byte.is_ascii_graphic());
    // The scheme is case-insensitive (RFC 9110 section 11.1).
    (scheme.eq_ignore_ascii_case("bearer") && plausible).then(|| Secret::new(token.to_owned()))
}
