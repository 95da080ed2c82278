//! Who may use the admin API.

use super::{
    caller::Caller,
    extract::{Content, PathName},
};
use crate::error::AdminError;
use axum::Json;
use gateway_api::{AddAdminToken, AdminTokenSecret, AdminTokenView};
use http::StatusCode;

/// All admin tokens, without the tokens.
#[utoipa::path(get, path = "/api/v1/admin-tokens", tag = "admin-tokens",
    responses((status = 200, description = "The admin tokens", body = [AdminTokenView])))]
pub(super) async fn admin_tokens(by: Caller) -> Result<Json<Vec<AdminTokenView>>, AdminError> {
    Ok(Json(by.control.admin_tokens().await?))
}

/// Makes an admin token.
///
/// Only this response shows it.
#[utoipa::path(post, path = "/api/v1/admin-tokens", tag = "admin-tokens",
    request_body = AddAdminToken,
    responses((status = 201, description = "The new token", body = AdminTokenSecret)))]
pub(super) async fn add_admin_token(
    by: Caller,
    Content(token): Content<AddAdminToken>,
) -> Result<(StatusCode, Json<AdminTokenSecret>), AdminError> {
    let added = by.control.add_admin_token(&by.actor, token).await?;
    Ok((StatusCode::CREATED, Json(added)))
}

/// Removes an admin token. The last one with the role `admin` cannot be removed.
#[utoipa::path(delete, path = "/api/v1/admin-tokens/{name}", tag = "admin-tokens",
    params(("name" = String, Path, description = "The token's name")),
    responses((status = 204, description = "The admin token was removed")))]
pub(super) async fn remove_admin_token(
    by: Caller,
    PathName(name): PathName<String>,
) -> Result<StatusCode, AdminError> {
    by.control.remove_admin_token(&by.actor, &name).await?;
    Ok(StatusCode::NO_CONTENT)
}
