//! Invitations to sign in at a carrier.

use super::{
    caller::Caller,
    extract::{Content, PathName},
};
use crate::error::AdminError;
use axum::Json;
use gateway_api::{AddInvitation, InvitationLink, InvitationView};
use http::StatusCode;

/// All invitations, the newest first, without their links.
#[utoipa::path(get, path = "/api/v1/invitations", tag = "accounts",
    responses((status = 200, description = "The invitations", body = [InvitationView])))]
pub(super) async fn invitations(by: Caller) -> Result<Json<Vec<InvitationView>>, AdminError> {
    Ok(Json(by.control.invitations().await?))
}

/// Makes an invitation: a link with which somebody signs in at the carrier for the accounts of one login.
///
/// Only this response has the link. It works once for each account, and it needs no admin token.
#[utoipa::path(post, path = "/api/v1/invitations", tag = "accounts", request_body = AddInvitation,
    responses((status = 201, description = "The new invitation", body = InvitationLink)))]
pub(super) async fn add_invitation(
    by: Caller,
    Content(invitation): Content<AddInvitation>,
) -> Result<(StatusCode, Json<InvitationLink>), AdminError> {
    let added = by.control.add_invitation(&by.actor, invitation).await?;
    Ok((StatusCode::CREATED, Json(added)))
}

/// Takes an invitation back. What it was used for stays.
#[utoipa::path(delete, path = "/api/v1/invitations/{name}", tag = "accounts",
    params(("name" = String, Path, description = "The invitation's id")),
    responses((status = 200, description = "The invitation", body = InvitationView)))]
pub(super) async fn revoke_invitation(
    by: Caller,
    PathName(id): PathName<String>,
) -> Result<Json<InvitationView>, AdminError> {
    Ok(Json(by.control.revoke_invitation(&by.actor, &id).await?))
}
