//! The gateways that share a store.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A gateway of a fleet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReplicaView {
    /// Its id; each start of the gateway has another one.
    pub id: String,
    /// Its name, from `[fleet]` or the host name.
    pub name: String,
    /// The version of its program.
    pub version: String,
    /// The plugins that it runs, each with its version and the SHA-256 of its file.
    pub plugins: Vec<String>,
    /// A digest of the accounts and apps of its configuration file, without secrets; empty if an older program
    /// runs there.
    pub declared: String,
    /// When it joined the fleet.
    pub started_at: Timestamp,
    /// Whether its last heartbeat is younger than its lease.
    pub live: bool,
    /// Whether this is the gateway that answers.
    pub this: bool,
    /// How long ago its last heartbeat was, in milliseconds.
    pub last_heartbeat_ms: u64,
    /// How long its lease still holds, in milliseconds; 0 if it is over.
    pub lease_ms: u64,
    /// The number of accounts that have a usable token there.
    pub usable: u64,
    /// The number of accounts that it renews.
    pub renews: u64,
}

/// How the gateway takes part in a fleet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FleetView {
    /// The gateway's own name.
    pub name: String,
    /// The number of gateways that are live.
    pub replicas: usize,
    /// Why the gateway renews nothing at the moment; absent if it does.
    pub problem: Option<String>,
}
