//! Production and test.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// A carrier's environment. Tokens of one environment are never used in the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Environment {
    /// Production: real parcels, real charges.
    Production,
    /// The carrier's test environment (UPS: CIE).
    Test,
}

impl Environment {
    /// The name used in configuration, manifests and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Production => "production",
            Self::Test => "test",
        }
    }
}

impl fmt::Display for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text named no environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an environment is \"production\" or \"test\"")]
pub struct UnknownEnvironment;

impl FromStr for Environment {
    type Err = UnknownEnvironment;

    fn from_str(text: &str) -> Result<Self, UnknownEnvironment> {
        // Exact words: a mistyped environment must never become production.
        match text {
            "production" => Ok(Self::Production),
            "test" => Ok(Self::Test),
            _ => Err(UnknownEnvironment),
        }
    }
}
