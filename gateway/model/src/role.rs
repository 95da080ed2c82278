//! Roles of admin tokens.

use serde::{Deserialize, Serialize};

/// What an admin token may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Read and change everything.
    Admin,
    /// Read everything, change nothing.
    ReadOnly,
}
