//! Records of the audit trail, the renewal journal, consents, invitations, notices, admin tokens, sessions and
//! migrations.

use crate::{SecretDigest, Timestamp};
use gateway_model::{AccountId, NoticeKind, Role, Secret};
use serde::{Deserialize, Serialize};

/// The number of an audit entry. A later entry has a higher number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AuditId(pub i64);

/// One action of an operator or of the gateway. The entry is written before the action, and its outcome
/// after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// The entry's number.
    pub id: AuditId,
    /// When the action began.
    pub at: Timestamp,
    /// Who acted: an admin token's name, `config`, `cli` or `gateway`.
    pub actor: String,
    /// What was done, such as `account.add` or `token.present`.
    pub action: String,
    /// What it was done to, such as `account:main`.
    pub subject: String,
    /// Further facts for people, as JSON. It contains no secret.
    pub detail: String,
    /// `ok` or the stable code of an error; `None` until the action has ended.
    pub outcome: Option<String>,
}

/// One attempt to obtain a token, as the renewal journal keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenewalEntry {
    /// The account that the token is for.
    pub account: AccountId,
    /// When the attempt ended.
    pub at: Timestamp,
    /// Why the attempt was made.
    pub reason: String,
    /// `issued`, or the class of the failure.
    pub outcome: String,
    /// The failure's code.
    pub code: Option<String>,
    /// The failure's message.
    pub message: Option<String>,
}

/// A consent that a person has not finished yet. The store keeps the digest of the `state` parameter, and
/// never the parameter itself.
#[derive(Clone, Debug)]
pub struct ConsentRecord {
    /// The digest of the `state` parameter; unique.
    pub state: SecretDigest,
    /// The account that the person signs in for.
    pub account: AccountId,
    /// The redirect URI that was sent to the carrier.
    pub redirect_uri: String,
    /// The PKCE verifier (RFC 7636). It is sealed in the store.
    pub verifier: Secret,
    /// Who requested the consent.
    pub actor: String,
    /// The id of the invitation that the person came with.
    pub invitation: Option<String>,
    /// When the consent was requested.
    pub created_at: Timestamp,
    /// Until when the person may finish it.
    pub expires_at: Timestamp,
}

/// An invitation for one account: with its code, a person signs in at the carrier. The store keeps the digest
/// of the code, and never the code itself.
///
/// An invitation for several accounts has a record for each of them, with one code and the ids `ID`, `ID-2`, `ID-3`.
/// To an older gateway of a fleet these are several invitations, so it loses nothing of what it does not know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvitationRecord {
    /// The record's id, which is no secret; unique.
    pub id: String,
    /// The digest of the code.
    pub code: SecretDigest,
    /// The account that the person signs in for.
    pub account: AccountId,
    /// Who made the invitation.
    pub actor: String,
    /// When the invitation was made.
    pub created_at: Timestamp,
    /// Until when a sign-in may be finished with it.
    pub expires_at: Timestamp,
    /// When a sign-in was finished with it.
    pub used_at: Option<Timestamp>,
    /// When an operator took it back.
    pub revoked_at: Option<Timestamp>,
    /// Counts the changes of the record.
    pub revision: i64,
}

/// One notice. An account has at most one notice of a kind and day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoticeRecord {
    /// The notice's number; 0 before it is stored.
    pub id: i64,
    /// The account that the notice is about.
    pub account: AccountId,
    /// Why a person is needed.
    pub kind: NoticeKind,
    /// The day in the gateway's time zone, such as `2026-11-22`.
    pub day: String,
    /// When the notice was made.
    pub created_at: Timestamp,
    /// The text for people: what ends and when, what stops working, and what to do.
    pub message: String,
    /// When the webhook accepted the notice.
    pub webhook_at: Option<Timestamp>,
    /// When the mail server accepted the notice.
    pub mail_at: Option<Timestamp>,
    /// When the reason for the notice no longer existed.
    pub closed_at: Option<Timestamp>,
}

/// A token for the admin API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdminTokenRecord {
    /// The operator's name for the token; unique.
    pub name: String,
    /// The digest of the token.
    pub token: SecretDigest,
    /// What the token may do.
    pub role: Role,
    /// When the token was made.
    pub created_at: Timestamp,
}

/// A session of the web interface. The store keeps the digest of what the browser holds, and never that itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRecord {
    /// The digest of what the browser holds; unique.
    pub id: SecretDigest,
    /// The digest of the admin token that the session was begun with.
    pub token: SecretDigest,
    /// When the session was begun.
    pub begun_at: Timestamp,
    /// When the session was used last.
    pub seen_at: Timestamp,
    /// What its next page says once. It contains no secret.
    pub said: Option<String>,
    /// The newest entry of the audit trail when the session was read; not stored.
    pub newest_entry: AuditId,
}

/// A migration from retired access keys to OAuth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MigrationRecord {
    /// The migration's name, such as `2026-11-22-1`; unique.
    pub id: String,
    /// When the migration began.
    pub created_at: Timestamp,
    /// When the migration was finished or undone.
    pub ended_at: Option<Timestamp>,
    /// The path of the backup that was made before the migration.
    pub backup: Option<String>,
    /// The items of the migration and their progress, as JSON. It contains no secret.
    pub items: String,
}
