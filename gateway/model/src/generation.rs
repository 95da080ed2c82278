//! Which issued token an attempt used.

use std::fmt;

/// Counts the tokens issued to one credential slot; the first is 1.
///
/// A 401 that an older generation earned starts no renewal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Generation(pub u64);

impl Generation {
    /// Before the first token.
    pub const NONE: Self = Self(0);

    /// The generation after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        // Plain addition: one token a second would take longer than any process to use up 64 bits.
        Self(self.0 + 1)
    }
}

impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
