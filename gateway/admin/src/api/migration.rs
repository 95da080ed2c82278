//! The way from access keys to OAuth.

use super::{caller::Caller, extract::Content};
use crate::error::AdminError;
use axum::Json;
use gateway_api::{MigrationPlan, MigrationView, StartMigration};

type JsonResult<T> = Result<Json<T>, AdminError>;

/// What a migration would do. It changes nothing.
#[utoipa::path(post, path = "/api/v1/migration/plan", tag = "migration",
    request_body = StartMigration,
    responses((status = 200, description = "The plan", body = MigrationPlan)))]
pub(super) async fn plan_migration(
    by: Caller,
    Content(migration): Content<StartMigration>,
) -> JsonResult<MigrationPlan> {
    Ok(Json(by.control.plan_migration(migration).await?))
}

/// Makes a backup of the store, then adds accounts and keys.
///
/// Repeating the request continues where the migration stopped.
#[utoipa::path(post, path = "/api/v1/migration", tag = "migration", request_body = StartMigration,
    responses((status = 200, description = "How far the migration is", body = MigrationView)))]
pub(super) async fn start_migration(
    by: Caller,
    Content(migration): Content<StartMigration>,
) -> JsonResult<MigrationView> {
    Ok(Json(
        by.control.start_migration(&by.actor, migration).await?,
    ))
}

/// The migration in progress, or the last one.
#[utoipa::path(get, path = "/api/v1/migration", tag = "migration",
    responses((status = 200, description = "How far the migration is", body = MigrationView)))]
pub(super) async fn migration(by: Caller) -> JsonResult<MigrationView> {
    Ok(Json(by.control.migration().await?))
}

/// Removes what the migration added, and leaves everything else.
#[utoipa::path(delete, path = "/api/v1/migration", tag = "migration",
    responses((status = 200, description = "The undone migration", body = MigrationView)))]
pub(super) async fn undo_migration(by: Caller) -> JsonResult<MigrationView> {
    Ok(Json(by.control.undo_migration(&by.actor).await?))
}
