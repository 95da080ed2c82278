//! What an account's tokens are obtained with, and what was obtained.

use crate::Timestamp;
use gateway_model::{AccountId, GrantStatus, GrantVersion, IntentId, SecretBytes, TokenFacts};

/// The durable side of one account's token lifecycle.
///
/// Every write that matters names the `version` it was made from, so that a late writer changes
/// nothing after a newer login.
#[derive(Clone, Debug)]
pub struct GrantRecord {
    /// The account.
    pub account: AccountId,
    /// Counts logins and completed presentations.
    pub version: GrantVersion,
    /// Whether a single-use grant may be presented.
    pub status: GrantStatus,
    /// What the plugin needs for the next authorization (a refresh token); sealed at rest.
    pub state: SecretBytes,
    /// The newest token.
    pub token: Option<StoredToken>,
    /// What the carrier said about token and grant.
    pub facts: TokenFacts,
    /// When a person last signed in.
    pub consented_at: Option<Timestamp>,
    /// When the grant itself ends, if the carrier said so.
    pub expires_at: Option<Timestamp>,
    /// The presentation whose outcome is not known yet.
    pub intent: Option<Intent>,
}

/// An access token as it is kept.
#[derive(Clone, Debug)]
pub struct StoredToken {
    /// The prepared fields, serialised by the broker; sealed at rest.
    pub headers: SecretBytes,
    /// When its request began.
    pub issued_at: Timestamp,
    /// When the carrier ends it; `None`: never.
    pub expires_at: Option<Timestamp>,
    /// When the plugin wants it renewed.
    pub renew_at: Option<Timestamp>,
    /// Of the credentials that brought it: another key makes it worthless.
    pub key: [u8; 32],
}

/// A durable intent to present a single-use grant.
#[derive(Clone, Debug)]
pub struct Intent {
    /// Unique.
    pub id: IntentId,
    /// When it was recorded.
    pub at: Timestamp,
    /// Why, for people.
    pub reason: String,
    /// The carrier's raw answer, once it arrived; sealed at rest, and durable before it is parsed.
    pub answer: Option<SecretBytes>,
}

/// Which presentation an intent announces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presentation {
    /// An ordinary one: `Held` becomes `Presenting`.
    Ordinary,
    /// The last one: `OutcomeUnknown` becomes `LastChance`.
    LastChance,
}

/// What a successful authorization leaves behind; written in one transaction, with the renewal's
/// journal entry.
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

/// What a failed presentation made of the grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// It may be presented again: back to `Held` (or `OutcomeUnknown` after a last chance).
    Unharmed,
    /// Not known: `OutcomeUnknown` (or `Spent` after a last chance).
    Unknown,
    /// Refused: `Spent`.
    Refused,
}
