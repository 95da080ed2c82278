//! How an account obtains its tokens, and whether its grant may be presented.

use serde::{Deserialize, Serialize};

/// The OAuth grant with which an account obtains its tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantKind {
    /// The client's id and secret alone (RFC 6749 section 4.4).
    ClientCredentials,
    /// A person's consent (RFC 6749 section 4.1), then refresh tokens.
    AuthorizationCode,
}

/// Whether a grant may be presented to the carrier. Only a single-use grant leaves `Repeatable`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantStatus {
    /// Client credentials: they may be presented any number of times.
    Repeatable,
    /// Not presented yet.
    Held,
    /// An intent to present it is durable.
    Presenting,
    /// It was presented, and it is not known whether the carrier consumed it.
    OutcomeUnknown,
    /// The one presentation that an unknown outcome leaves is in progress.
    LastChance,
    /// Consumed, refused or used up: a person must sign in again.
    Spent,
}
