//! Documents of journals, consents, invitations and admin tokens.

use super::secret::{digest, text};
use crate::{
    AdminTokenRecord, AuditEntry, AuditId, ConsentRecord, InvitationRecord, MigrationRecord,
    NoticeRecord, RenewalEntry, SecretDigest, Timestamp,
};
use gateway_model::{AccountId, NoticeKind, Role, Secret};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
#[serde(remote = "AuditEntry")]
pub(super) struct AuditDoc {
    id: AuditId,
    at: Timestamp,
    actor: String,
    action: String,
    subject: String,
    detail: String,
    outcome: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "RenewalEntry")]
pub(super) struct RenewalDoc {
    account: AccountId,
    at: Timestamp,
    reason: String,
    outcome: String,
    code: Option<String>,
    message: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "ConsentRecord")]
pub(super) struct ConsentDoc {
    #[serde(with = "digest")]
    state: SecretDigest,
    account: AccountId,
    redirect_uri: String,
    #[serde(with = "text")]
    verifier: Secret,
    actor: String,
    #[serde(default)]
    invitation: Option<String>,
    created_at: Timestamp,
    expires_at: Timestamp,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "InvitationRecord")]
pub(super) struct InvitationDoc {
    id: String,
    #[serde(with = "digest")]
    code: SecretDigest,
    account: AccountId,
    actor: String,
    created_at: Timestamp,
    expires_at: Timestamp,
    used_at: Option<Timestamp>,
    revoked_at: Option<Timestamp>,
    revision: i64,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "NoticeRecord")]
pub(super) struct NoticeDoc {
    id: i64,
    account: AccountId,
    kind: NoticeKind,
    day: String,
    created_at: Timestamp,
    message: String,
    webhook_at: Option<Timestamp>,
    mail_at: Option<Timestamp>,
    closed_at: Option<Timestamp>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "AdminTokenRecord")]
pub(super) struct AdminTokenDoc {
    name: String,
    #[serde(with = "digest")]
    token: SecretDigest,
    role: Role,
    created_at: Timestamp,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "MigrationRecord")]
pub(super) struct MigrationDoc {
    id: String,
    created_at: Timestamp,
    ended_at: Option<Timestamp>,
    backup: Option<String>,
    items: String,
}
