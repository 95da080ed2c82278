//! What names one state of a grant, and one attempt to change it.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Counts the logins and completed presentations of one account's grant.
///
/// Every write names the version that it follows from. The store refuses a write whose version is no
/// longer the current one, so a late writer changes nothing after a newer login.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct GrantVersion(pub i64);

impl GrantVersion {
    /// Before the first grant is kept.
    pub const NONE: Self = Self(0);

    /// The version after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for GrantVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Names one durable intent to present a single-use grant.
///
/// The answer and the outcome of a presentation name the intent they belong to, so a repeated write
/// is recognised, and a write for an older intent is refused.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct IntentId(String);

impl IntentId {
    /// Makes an identifier of one random number.
    pub fn from_random(random: u128) -> Self {
        // All 32 digits, so that identifiers are texts of one length.
        Self(format!("{random:032x}"))
    }

    /// Takes an identifier over, such as one that was stored.
    pub fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// The identifier as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for IntentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intent_ids_of_small_numbers_are_as_long_as_others() {
        assert_eq!(IntentId::from_random(1).as_str().len(), 32);
        assert_ne!(IntentId::from_random(1), IntentId::from_random(16));
    }

    #[test]
    fn versions_count_up() {
        assert_eq!(GrantVersion::NONE.next(), GrantVersion(1));
        assert!(GrantVersion(1) < GrantVersion(2));
    }
}
