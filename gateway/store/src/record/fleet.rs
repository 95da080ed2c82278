//! What gateways on one database tell each other.

use crate::Timestamp;
use gateway_model::{AccountId, AppId, GrantVersion};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;

/// Names one gateway process on a database; a process that joins again gets another one.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ReplicaId(String);

impl ReplicaId {
    /// Makes an identifier of one random number.
    pub fn from_random(random: u128) -> Self {
        // All 32 digits, so that identifiers are texts of one length.
        Self(format!("{random:032x}"))
    }

    /// Takes over an identifier that was stored.
    pub fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// The identifier as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ReplicaId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Counts the owners of an account, so that a write of an earlier owner is refused.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Fence(pub i64);

/// What a gateway says about itself when it joins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplicaInfo {
    /// A name for people, such as the host's.
    pub name: String,
    /// The program's version.
    pub version: String,
}

/// What a gateway says about itself with each heartbeat, so that people see which gateway differs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReplicaState {
    /// The plugins that it runs, one a line.
    pub plugins: String,
    /// A digest of the accounts and apps of its configuration file.
    pub declared: String,
    /// How many accounts it serves.
    pub accounts: u64,
}

/// How a gateway takes part in a fleet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FleetOptions {
    /// How long a gateway owns its accounts after its last heartbeat.
    pub lease: Duration,
    /// The longest time that a token request takes. A gateway that takes over an open intent waits for it.
    pub request_deadline: Duration,
}

impl Default for FleetOptions {
    fn default() -> Self {
        Self {
            lease: Duration::from_secs(15),
            request_deadline: Duration::from_secs(30),
        }
    }
}

/// A gateway on the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplicaRecord {
    /// Its identifier.
    pub id: ReplicaId,
    /// Its name.
    pub name: String,
    /// Its program's version.
    pub version: String,
    /// The plugins that it runs, one a line.
    pub plugins: String,
    /// A digest of the accounts and apps of its configuration file; empty if an older program runs there.
    pub declared: String,
    /// When it joined, by the database's clock.
    pub started_at: Timestamp,
    /// Milliseconds since its last heartbeat.
    pub seen_ms_ago: i64,
    /// Milliseconds until its lease ends; negative if it has ended.
    pub ends_in_ms: i64,
    /// How many accounts it serves, as it said itself.
    pub accounts: u64,
    /// How many accounts it owns.
    pub owned: u64,
    /// Whether its lease holds.
    pub live: bool,
    /// Whether it is the gateway that asks.
    pub this: bool,
}

/// Whether a lease still holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heartbeat {
    /// It was extended.
    Live,
    /// It has ended: the gateway must join again, under another identifier.
    Lost,
}

/// Whose turn it is to request tokens for an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// This gateway's, as before, or nobody else ever had it.
    Mine,
    /// This gateway's from now on; another one had it.
    Taken {
        /// How long a request of the earlier owner may still be under way.
        settled_in: Duration,
    },
    /// Another gateway's.
    Theirs {
        /// Which.
        owner: ReplicaId,
    },
}

/// An account and its owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ownership {
    /// The account.
    pub account: AccountId,
    /// The gateway that claimed it last.
    pub owner: ReplicaId,
    /// How often the account changed hands.
    pub fence: Fence,
    /// Whether the owner's lease holds.
    pub live: bool,
}

/// Work of which one gateway of a fleet is enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Duty {
    /// Reminders about grants.
    Reminders,
    /// Removal of what is too old.
    Pruning,
    /// The first admin token of a new store.
    FirstToken,
}

impl Duty {
    /// The duty's name in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reminders => "reminders",
            Self::Pruning => "pruning",
            Self::FirstToken => "first_token",
        }
    }
}

/// Why another gateway asks an account's owner for a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DemandCause {
    /// Requests wait, and there is no token.
    First,
    /// The token is due.
    Due,
    /// The grant has to be used before it ends.
    KeepAlive,
    /// The carrier rejected the token.
    Unauthorized,
    /// An operator asked.
    Operator,
    /// The last attempt failed.
    Retry,
    /// A test call, such as that of a doctor.
    Probe,
    /// The account's credentials changed.
    Changed,
    /// The last presentation of a grant in doubt.
    LastChance,
}

/// What another gateway did or asks for. A gateway does not hear itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreChange {
    /// An account's grant was written.
    Grant {
        /// The account.
        account: AccountId,
        /// The version that was written.
        version: GrantVersion,
    },
    /// A token request failed; the grant's row did not change.
    Failed {
        /// The account.
        account: AccountId,
    },
    /// A gateway asks the account's owner for a token.
    Demand {
        /// The account.
        account: AccountId,
        /// The version that the asking gateway holds.
        version: GrantVersion,
        /// Why.
        cause: DemandCause,
    },
    /// An account was added, changed or removed.
    Account(AccountId),
    /// An app, or one of its retired keys, was added, changed or removed.
    App(AppId),
    /// Admin tokens.
    AdminTokens,
    /// Notices.
    Notices,
    /// What plugins said about their carriers.
    Manifests,
    /// The records were sealed under another key.
    KeyRing,
    /// A gateway joined or left.
    Replicas,
    /// Messages may be missing: everything has to be compared.
    Resync,
}
