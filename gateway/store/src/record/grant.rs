//! Records of grants: what an account's tokens are obtained with, and the newest token.

use crate::{Fence, ReplicaId, Timestamp};
use gateway_model::{
    AccountId, FailureClass, GrantStatus, GrantVersion, IntentId, SecretBytes, TokenFacts,
};
use serde::{Deserialize, Serialize};

/// The stored part of one account's token lifecycle.
///
/// A write that changes the grant names the `version` that it was made from. So a late writer changes
/// nothing after a newer login.
#[derive(Clone, Debug)]
pub struct GrantRecord {
    /// The account.
    pub account: AccountId,
    /// Counts logins and completed presentations.
    pub version: GrantVersion,
    /// Whether a single-use grant may be presented.
    pub status: GrantStatus,
    /// What the plugin needs for the next authorization, such as a refresh token. It is sealed in the store.
    pub state: SecretBytes,
    /// The newest token.
    pub token: Option<StoredToken>,
    /// What the carrier said about the token and the grant.
    pub facts: TokenFacts,
    /// When a person last signed in.
    pub consented_at: Option<Timestamp>,
    /// When the grant itself ends, if the carrier said so.
    pub expires_at: Option<Timestamp>,
    /// The presentation whose outcome is not known yet.
    pub intent: Option<Intent>,
    /// The older state of the store that the grant comes from. A new login or a renewal ends it.
    pub restored: Option<RestoredFrom>,
    /// The gateway of a fleet that wrote the record, and the fence that it held.
    pub written_by: Option<(ReplicaId, Fence)>,
}

impl GrantRecord {
    /// Whether a gateway that holds this knows more than the store, after a failover of the database: of a newer
    /// grant, or that the same one was presented.
    pub fn is_ahead_of(&self, stored: &Self) -> bool {
        let given_up = matches!(
            self.status,
            GrantStatus::OutcomeUnknown | GrantStatus::Spent
        );
        let presentable = stored.status == GrantStatus::Held && stored.intent.is_none();
        self.version > stored.version || (self.version == stored.version && given_up && presentable)
    }
}

/// An older state of the store. A single-use grant of it may have been presented since.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RestoredFrom {
    /// A backup that was made at this time.
    Backup(Timestamp),
    /// A copy of the database file that was put back.
    OlderCopy,
}

/// An access token as the store keeps it.
#[derive(Clone, Debug)]
pub struct StoredToken {
    /// The header fields of the credential, serialised by the broker. They are sealed in the store.
    pub headers: SecretBytes,
    /// When the token request began.
    pub issued_at: Timestamp,
    /// When the token expires; `None` if it does not expire.
    pub expires_at: Option<Timestamp>,
    /// When the plugin wants the token renewed.
    pub renew_at: Option<Timestamp>,
    /// The digest of the client credentials that obtained the token. Other credentials make it useless.
    pub key: [u8; 32],
    /// The slots other than the first.
    pub slots: Vec<StoredSlot>,
}

/// A slot other than the first, as the store keeps it.
#[derive(Clone, Debug)]
pub struct StoredSlot {
    /// Its name in the plugin's manifest.
    pub name: String,
    /// Its header fields, serialised by the broker; empty if there are none. They are sealed in the store.
    pub headers: SecretBytes,
    /// When the fields expire; `None` if they live as long as the token.
    pub expires_at: Option<Timestamp>,
    /// Why there are no fields.
    pub failure: Option<StoredFailure>,
}

/// Why a slot could not be had.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredFailure {
    /// Whose turn it is.
    pub class: FailureClass,
    /// The plugin's code.
    pub code: String,
    /// The plugin's explanation.
    pub message: String,
}

/// A durable intent to present a single-use grant.
#[derive(Clone, Debug)]
pub struct Intent {
    /// The id of the presentation; unique.
    pub id: IntentId,
    /// When the intent was recorded.
    pub at: Timestamp,
    /// Why the grant is presented, for people.
    pub reason: String,
    /// The carrier's raw answer, once it arrived. It is sealed, and durable before it is parsed.
    pub answer: Option<SecretBytes>,
}

/// Which presentation an intent announces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presentation {
    /// An ordinary presentation: `Held` becomes `Presenting`.
    Ordinary,
    /// One more presentation of a grant in doubt: `OutcomeUnknown` becomes `LastChance`.
    LastChance,
}

/// The result of a successful authorization. The store writes it in one transaction with the entry of the
/// renewal journal.
#[derive(Clone, Debug)]
pub struct Completion {
    /// The grant's new status.
    pub status: GrantStatus,
    /// The grant's new state.
    pub state: SecretBytes,
    /// The new token.
    pub token: StoredToken,
    /// What the carrier said.
    pub facts: TokenFacts,
    /// When the grant itself ends.
    pub expires_at: Option<Timestamp>,
}

/// What a failed presentation means for the grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// The grant may be presented again. It becomes `Held`, or `OutcomeUnknown` after a last chance.
    Unharmed,
    /// Nobody knows whether the grant was used up. It becomes `OutcomeUnknown`, or `Spent` after a last chance.
    Unknown,
    /// The carrier refused the grant. It becomes `Spent`.
    Refused,
}
