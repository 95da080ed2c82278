//! What happened, and what people were told.

use crate::{SecretDigest, Timestamp};
use gateway_model::{AccountId, NoticeKind, Role, Secret};
use serde::{Deserialize, Serialize};

/// Names an audit entry; ascending.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AuditId(pub i64);

/// Who did what, when. Written before the effect, completed after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// Its number.
    pub id: AuditId,
    /// When.
    pub at: Timestamp,
    /// Who: an admin token's name, `config`, `cli` or `gateway`.
    pub actor: String,
    /// What: `account.add`, `token.present` …
    pub action: String,
    /// On what: `account:main`.
    pub subject: String,
    /// Further facts for people, as JSON; never a secret.
    pub detail: String,
    /// `None` until it is known; then `ok` or an error's stable code.
    pub outcome: Option<String>,
}

/// One attempt to obtain a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenewalEntry {
    /// Whose.
    pub account: AccountId,
    /// When it ended.
    pub at: Timestamp,
    /// Why it was made.
    pub reason: String,
    /// `issued`, or the failure's class.
    pub outcome: String,
    /// The failure's code.
    pub code: Option<String>,
    /// The failure's message.
    pub message: Option<String>,
}

/// A consent under way. The state parameter itself is not kept, only its digest.
#[derive(Clone, Debug)]
pub struct ConsentRecord {
    /// Of the `state` parameter; unique.
    pub state: SecretDigest,
    /// For which account.
    pub account: AccountId,
    /// As it was sent to the carrier.
    pub redirect_uri: String,
    /// The PKCE verifier (RFC 7636); sealed at rest.
    pub verifier: Secret,
    /// Who asked for it.
    pub actor: String,
    /// When.
    pub created_at: Timestamp,
    /// Until when it may be finished.
    pub expires_at: Timestamp,
}

/// One reminder; at most one of a kind, account and day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoticeRecord {
    /// Its number; 0 before it is stored.
    pub id: i64,
    /// About which account.
    pub account: AccountId,
    /// Why.
    pub kind: NoticeKind,
    /// The day, `2026-11-22`, in the gateway's zone.
    pub day: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// What people read: what ends when, what stops working, what to do.
    pub message: String,
    /// When the webhook took it.
    pub webhook_at: Option<Timestamp>,
    /// When the mail server took it.
    pub mail_at: Option<Timestamp>,
    /// When its reason went away.
    pub closed_at: Option<Timestamp>,
}

/// A token for the admin API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdminTokenRecord {
    /// The operator's name of it; unique.
    pub name: String,
    /// Of the token.
    pub token: SecretDigest,
    /// What it may do.
    pub role: Role,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A migration from access keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MigrationRecord {
    /// Its name: `2026-11-22-1`; unique.
    pub id: String,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was finished or undone.
    pub ended_at: Option<Timestamp>,
    /// Where the backup is that it can be undone from.
    pub backup: Option<String>,
    /// Its items and their progress, as JSON; never a secret.
    pub items: String,
}
