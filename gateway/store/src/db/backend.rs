//! Which database a store uses, and the limits of every call to it.

use std::time::Duration;

/// The deadline of a call: a database that hangs becomes an error, so callers never hang.
// Longer than a slow disk takes, shorter than an operator's patience.
pub(crate) const DEADLINE: Duration = Duration::from_secs(5);
/// How long a call may wait for a connection. Shorter than the deadline, so that the error says which
/// of the two it was.
pub(crate) const ACQUIRE: Duration = Duration::from_secs(4);
/// How many calls may read at once.
// Each reader of SQLite has a page cache of its own.
pub(crate) const READERS: usize = 4;
/// Connections of PostgreSQL for calls that must not wait behind those: a gateway without heartbeats counts as dead, and
/// one that does not hear of new tokens asks for them.
pub(crate) const URGENT: usize = 2;

/// Which database it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Backend {
    Sqlite,
    Postgres,
}
