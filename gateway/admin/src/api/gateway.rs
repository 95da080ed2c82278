//! The gateway as a whole: what happened, how it is, its backup and its key.

use super::{
    caller::Caller,
    extract::{Asked, Content},
};
use crate::error::AdminError;
use gateway_api::{AuditView, BackupRequest, DoctorReport, KeyRotated, NoticeView, RotateKey, StatusView};
use axum::{
    Json,
    response::{IntoResponse as _, Response},
};
use gateway_model::{AccountId, Protection, RecipientError};
use http::header;
use serde::Deserialize;
use utoipa::ToSchema;

type Answer<T> = Result<Json<T>, AdminError>;

/// Which part of the audit trail.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AuditQuery {
    before: Option<i64>,
    limit: Option<usize>,
}

/// Who did what, when; the newest first.
#[utoipa::path(get, path = "/api/v1/audit", tag = "gateway",
    params(
        ("before" = Option<i64>, Query, description = "Only entries with a smaller number"),
        ("limit" = Option<usize>, Query,
            description = "At most so many; 100 if absent, never more than 500")),
    responses((status = 200, description = "Entries of the audit trail", body = [AuditView])))]
pub(super) async fn audit(by: Caller, Asked(query): Asked<AuditQuery>) -> Answer<Vec<AuditView>> {
    let limit = query.limit.unwrap_or(100).min(500);
    Ok(Json(by.control.audit(query.before, limit).await?))
}

/// What people should know, the worst first.
#[utoipa::path(get, path = "/api/v1/notices", tag = "gateway",
    responses((status = 200, description = "Open notices", body = [NoticeView])))]
pub(super) async fn notices(by: Caller) -> Answer<Vec<NoticeView>> {
    Ok(Json(by.control.notices().await?))
}

/// The gateway as a whole.
#[utoipa::path(get, path = "/api/v1/status", tag = "gateway",
    responses((status = 200, description = "How it is", body = StatusView)))]
pub(super) async fn status(by: Caller) -> Answer<StatusView> {
    Ok(Json(by.control.status().await?))
}

/// What the doctor looks at.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DoctorQuery {
    account: Option<AccountId>,
}

/// Looks for what is wrong, and says how to mend it.
#[utoipa::path(post, path = "/api/v1/doctor", tag = "gateway",
    params(("account" = Option<String>, Query,
        description = "One account; all active ones if absent")),
    responses((status = 200, description = "What was found", body = DoctorReport)))]
pub(super) async fn doctor(by: Caller, Asked(query): Asked<DoctorQuery>) -> Answer<DoctorReport> {
    let report = by.control.doctor(&by.actor, query.account.as_ref()).await?;
    Ok(Json(report))
}

/// Bytes that `waybill restore` reads.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
#[expect(dead_code, reason = "it describes the answer and is never made")]
pub(super) struct SealedBackup(Vec<u8>);

/// A consistent backup of the store, sealed under a passphrase or a key, or for the holder of a key.
#[utoipa::path(post, path = "/api/v1/backup", tag = "gateway", request_body = BackupRequest,
    responses((status = 200, description = "The backup", body = SealedBackup,
        content_type = "application/octet-stream")))]
pub(super) async fn backup(
    by: Caller,
    Content(request): Content<BackupRequest>,
) -> Result<Response, AdminError> {
    let invalid = |message: String| AdminError::Invalid("invalid", message);
    let protection = match (request.passphrase, request.key, request.recipient) {
        (Some(words), None, None) => Protection::Passphrase(words.0),
        (None, Some(key), None) => Protection::Key(key.0),
        (None, None, Some(recipient)) => Protection::Recipient(
            recipient
                .parse()
                .map_err(|error: RecipientError| invalid(error.to_string()))?,
        ),
        _ => {
            let message = "name a passphrase, a key or a recipient: one of them";
            return Err(invalid(message.to_owned()));
        }
    };
    let backup = by.control.backup(&by.actor, &protection).await?;
    let kind = [(header::CONTENT_TYPE, "application/octet-stream")];
    Ok((kind, backup).into_response())
}

/// Seals everything under a new master key.
///
/// From then on the store opens with that key only: the configuration has to name it before the
/// next start.
#[utoipa::path(post, path = "/api/v1/key/rotate", tag = "gateway", request_body = RotateKey,
    responses((status = 200, description = "What was sealed anew", body = KeyRotated)))]
pub(super) async fn rotate_key(
    by: Caller,
    Content(rotate): Content<RotateKey>,
) -> Answer<KeyRotated> {
    Ok(Json(by.control.rotate_key(&by.actor, rotate).await?))
}
