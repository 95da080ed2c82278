//! Where an account or app is described.

use serde::{Deserialize, Serialize};

/// Where an account or app is described, and therefore where it can be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ManagedBy {
    /// In the configuration file: it is changed there.
    Config,
    /// In the store: it is changed with the CLI or the admin API.
    Operator,
}
