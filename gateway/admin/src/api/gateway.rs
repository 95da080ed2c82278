//! The gateway as a whole: audit trail, last requests, notices, status, diagnosis, backup, master key.

use super::{
    caller::Caller,
    extract::{Content, QueryOf},
};
use crate::error::AdminError;
use axum::{
    Json,
    response::{IntoResponse as _, Response},
};
use gateway_api::{
    AuditView, BackupRequest, ConfigurationView, DoctorReport, KeyRotated, NoticeView,
    ReloadReport, ReplicaView, RequestQuery, RequestView, RotateKey, StatusView,
};
use gateway_model::{AccountId, Protection, RecipientError};
use http::header;
use serde::Deserialize;
use utoipa::ToSchema;

type JsonResult<T> = Result<Json<T>, AdminError>;

/// The part of the audit trail to return.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AuditQuery {
    before: Option<i64>,
    limit: Option<usize>,
}

/// The audit trail, newest entries first.
#[utoipa::path(get, path = "/api/v1/audit", tag = "gateway",
    params(
        ("before" = Option<i64>, Query, description = "Only entries with a smaller number"),
        ("limit" = Option<usize>, Query,
            description = "The maximum number of entries; 100 if absent, at most 500")),
    responses((status = 200, description = "Entries of the audit trail", body = [AuditView])))]
pub(super) async fn audit(
    by: Caller,
    QueryOf(query): QueryOf<AuditQuery>,
) -> JsonResult<Vec<AuditView>> {
    // Clamped and not refused, so that a client which asks for everything gets as much as there is.
    let limit = query.limit.unwrap_or(100).min(500);
    Ok(Json(by.control.audit(query.before, limit).await?))
}

/// The last requests of apps, the newest first.
///
/// The gateway remembers them in memory, until it ends.
#[utoipa::path(get, path = "/api/v1/requests", tag = "gateway",
    params(
        ("failed" = Option<bool>, Query, description = "`true`: only failed requests"),
        ("id" = Option<String>, Query,
            description = "Only the request with this id, the value of `Waybill-Request-Id`"),
        ("account" = Option<String>, Query, description = "Only requests of this account"),
        ("app" = Option<String>, Query, description = "Only requests of this app"),
        ("since" = Option<String>, Query, description = "Only requests that ended after this time (RFC 3339)"),
        ("limit" = Option<usize>, Query,
            description = "The maximum number of requests; 100 if absent, at most 1000")),
    responses((status = 200, description = "The requests", body = [RequestView])))]
pub(super) async fn requests(
    by: Caller,
    QueryOf(query): QueryOf<RequestQuery>,
) -> Json<Vec<RequestView>> {
    Json(by.control.requests(query).await)
}

/// Open notices, the most severe first.
#[utoipa::path(get, path = "/api/v1/notices", tag = "gateway",
    responses((status = 200, description = "Open notices", body = [NoticeView])))]
pub(super) async fn notices(by: Caller) -> JsonResult<Vec<NoticeView>> {
    Ok(Json(by.control.notices().await?))
}

/// The gateway as a whole.
#[utoipa::path(get, path = "/api/v1/status", tag = "gateway",
    responses((status = 200, description = "The gateway's status", body = StatusView)))]
pub(super) async fn status(by: Caller) -> JsonResult<StatusView> {
    Ok(Json(by.control.status().await?))
}

/// The gateways that share the store, ordered by name.
///
/// A gateway whose store is not shared returns itself.
#[utoipa::path(get, path = "/api/v1/replicas", tag = "gateway",
    responses((status = 200, description = "The gateways", body = [ReplicaView])))]
pub(super) async fn replicas(by: Caller) -> JsonResult<Vec<ReplicaView>> {
    Ok(Json(by.control.replicas().await?))
}

/// The settings with which the gateway runs, and where each value is from.
///
/// No value contains a secret.
#[utoipa::path(get, path = "/api/v1/configuration", tag = "gateway",
    responses((status = 200, description = "The settings", body = ConfigurationView)))]
pub(super) async fn configuration(by: Caller) -> JsonResult<ConfigurationView> {
    Ok(Json(by.control.configuration()?))
}

/// What the doctor examines.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DoctorQuery {
    account: Option<AccountId>,
}

/// Diagnoses the gateway and its accounts, and says how to fix what is wrong.
#[utoipa::path(post, path = "/api/v1/doctor", tag = "gateway",
    params(("account" = Option<String>, Query,
        description = "One account; all active accounts if absent")),
    responses((status = 200, description = "The report", body = DoctorReport)))]
pub(super) async fn doctor(
    by: Caller,
    QueryOf(query): QueryOf<DoctorQuery>,
) -> JsonResult<DoctorReport> {
    let report = by.control.doctor(&by.actor, query.account.as_ref()).await?;
    Ok(Json(report))
}

/// Whether a reload only reports.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReloadQuery {
    #[serde(default)]
    dry_run: bool,
}

/// Reads the configuration file again, and lets everything take over that needs no restart.
///
/// The whole file is checked first, new credentials and plugin files included. A mistake changes nothing:
/// `mistakes` of the error lists all of them, with their lines. No connection is closed.
#[utoipa::path(post, path = "/api/v1/reload", tag = "gateway",
    params(("dry_run" = Option<bool>, Query,
        description = "`true`: only report what would change; no carrier is asked")),
    responses((status = 200, description = "What was changed, and what needs a restart",
        body = ReloadReport)))]
pub(super) async fn reload(
    by: Caller,
    QueryOf(query): QueryOf<ReloadQuery>,
) -> JsonResult<ReloadReport> {
    Ok(Json(by.control.reload(&by.actor, query.dry_run).await?))
}

/// A backup file, as `waybill restore` reads it.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
#[expect(
    dead_code,
    reason = "it describes the response and is never constructed"
)]
pub(super) struct SealedBackup(Vec<u8>);

/// A consistent backup of the store, sealed with a passphrase or a key, or for a recipient.
#[utoipa::path(post, path = "/api/v1/backup", tag = "gateway", request_body = BackupRequest,
    responses((status = 200, description = "The backup", body = SealedBackup,
        content_type = "application/octet-stream")))]
pub(super) async fn backup(
    by: Caller,
    Content(request): Content<BackupRequest>,
) -> Result<Response, AdminError> {
    let invalid = |message: String| AdminError::Invalid("invalid", message);
    // Exactly one: with two it would be unclear which of them opens the backup.
    let protection = match (request.passphrase, request.key, request.recipient) {
        (Some(words), None, None) => Protection::Passphrase(words.0),
        (None, Some(key), None) => Protection::Key(key.0),
        (None, None, Some(recipient)) => Protection::Recipient(
            recipient
                .parse()
                .map_err(|error: RecipientError| invalid(error.to_string()))?,
        ),
        _ => {
            let message = "name exactly one of passphrase, key and recipient";
            return Err(invalid(message.to_owned()));
        }
    };
    let backup = by.control.backup(&by.actor, &protection).await?;
    let kind = [(header::CONTENT_TYPE, "application/octet-stream")];
    Ok((kind, backup).into_response())
}

/// Seals the store under a new master key.
///
/// From then on only the new key opens the store: name it in the configuration before the next
/// start.
#[utoipa::path(post, path = "/api/v1/key/rotate", tag = "gateway", request_body = RotateKey,
    responses((status = 200, description = "The number of secrets that were sealed again", body = KeyRotated)))]
pub(super) async fn rotate_key(
    by: Caller,
    Content(rotate): Content<RotateKey>,
) -> JsonResult<KeyRotated> {
    Ok(Json(by.control.rotate_key(&by.actor, rotate).await?))
}
