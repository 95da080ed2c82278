//! Carriers with their environments, and the table type of look-ups.

use foldhash::fast::RandomState;
use std::collections::HashMap;

pub(crate) type Map<K, V> = HashMap<K, V, RandomState>;

/// A carrier and environment, numbered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Realm(u32);

impl Realm {
    pub(super) const fn numbered(number: u32) -> Self {
        Self(number)
    }
}
