//! The way from access keys to OAuth.

use super::{caller::Caller, extract::Content};
use crate::error::AdminError;
use gateway_api::{MigrationPlan, MigrationView, StartMigration};
use axum::Json;

type Answer<T> = Result<Json<T>, AdminError>;

/// What a migration would do; changes nothing.
#[utoipa::path(post, path = "/api/v1/migration/plan", tag = "migration",
    request_body = StartMigration,
    responses((status = 200, description = "The plan", body = MigrationPlan)))]
pub(super) async fn plan_migration(
    by: Caller,
    Content(migration): Content<StartMigration>,
) -> Answer<MigrationPlan> {
    Ok(Json(by.control.plan_migration(migration).await?))
}

/// Backs the store up, then adds accounts and keys.
///
/// Repeating it goes on where it stopped.
#[utoipa::path(post, path = "/api/v1/migration", tag = "migration", request_body = StartMigration,
    responses((status = 200, description = "How far it is", body = MigrationView)))]
pub(super) async fn start_migration(
    by: Caller,
    Content(migration): Content<StartMigration>,
) -> Answer<MigrationView> {
    Ok(Json(
        by.control.start_migration(&by.actor, migration).await?,
    ))
}

/// The migration under way, or the last one.
#[utoipa::path(get, path = "/api/v1/migration", tag = "migration",
    responses((status = 200, description = "How far it is", body = MigrationView)))]
pub(super) async fn migration(by: Caller) -> Answer<MigrationView> {
    Ok(Json(by.control.migration().await?))
}

/// Puts the store back to what it was before the migration.
#[utoipa::path(delete, path = "/api/v1/migration", tag = "migration",
    responses((status = 200, description = "The undone migration", body = MigrationView)))]
pub(super) async fn undo_migration(by: Caller) -> Answer<MigrationView> {
    Ok(Json(by.control.undo_migration(&by.actor).await?))
}
