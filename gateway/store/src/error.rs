//! What can go wrong, whose fault it is, and the way out. No text here ever holds a secret.

use crate::classify::{Fault, classify};

/// A call on an open store that did not succeed. Nothing was half done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The caller's: the name or identifier belongs to something else.
    #[error("{what} is taken: choose another name, or remove the one that has it")]
    Conflict {
        /// What is taken.
        what: String,
    },
    /// The caller's: there is no such thing.
    #[error("there is no {what}")]
    NotFound {
        /// What was looked for.
        what: String,
    },
    /// The caller's: the value cannot be stored.
    #[error("{what} cannot be stored: {why}")]
    Invalid {
        /// Which value.
        what: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// Another writer changed the record since it was read.
    #[error("the record was changed by somebody else: read it again and repeat the change")]
    Stale,
    /// The grant is not where the caller believes it is: another login or presentation came first.
    #[error("the grant has moved on (a newer login or presentation): nothing was written")]
    Fenced,
    /// The disk or the database's volume is full.
    #[error("the store's disk is full: make room; nothing was written")]
    Full,
    /// The database may not be written.
    #[error(
        "the store is read-only: check the file's and folder's mode and owner, the mount, or whether \
         the database server takes writes and its role has the rights"
    )]
    ReadOnly,
    /// The database does not answer, or not in time.
    #[error("the store does not answer ({why}): check the database and the way to it")]
    Unavailable {
        /// What happened.
        why: String,
    },
    /// The database was deleted or replaced while it was open, so nothing more is written.
    #[error("the store is lost: {what}; nothing is stored any more; {way_out}")]
    Lost {
        /// What was found.
        what: String,
        /// What to do.
        way_out: &'static str,
    },
    /// A write could not be made durable, so nothing more is written through this handle: after a
    /// failed `fsync`, later success reports of the disk cannot be trusted.
    #[error(
        "the store's disk failed ({why}); reading goes on, writing has stopped: check the disk, \
         then restart the gateway"
    )]
    Failed {
        /// What the database said.
        why: String,
    },
    /// A record or the file itself is damaged.
    #[error("{what} is damaged ({why}): restore it from a backup, or remove and add it again")]
    Corrupt {
        /// Which record.
        what: String,
        /// What is wrong with it.
        why: String,
    },
    /// A newer version has taken the store over.
    #[error(
        "a newer version of Waybill has changed the store (schema {found}; this version knows {known}), and \
         this version cannot use it any more: start the newer version"
    )]
    Newer {
        /// The store's.
        found: i64,
        /// The newest one that this program knows.
        known: i64,
    },
    /// The key was not usable.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A defect of this program: the database did not accept a statement.
    #[error("the store refused a statement, which is a defect of this program: {why}")]
    Internal {
        /// What the database said.
        why: String,
    },
}

impl StoreError {
    /// Replaces a conflict by one that names what is taken; every other error stays.
    pub(crate) fn taken(self, what: impl FnOnce() -> String) -> Self {
        if matches!(self, Self::Conflict { .. }) {
            return Self::Conflict { what: what() };
        }
        self
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        let (fault, why) = classify(&error);
        match fault {
            // The database's message names the index and not the value; callers put the name in.
            Fault::Conflict => Self::Conflict {
                what: "that name".to_owned(),
            },
            Fault::Full => Self::Full,
            Fault::ReadOnly => Self::ReadOnly,
            // Final for this handle, unlike a database that is away.
            Fault::Disk => Self::Failed { why },
            Fault::Corrupt => Self::Corrupt {
                what: "the store".to_owned(),
                why,
            },
            Fault::Away => Self::Unavailable { why },
            Fault::Ours => Self::Internal { why },
        }
    }
}

/// A master key that could not be obtained. No message contains the key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Nothing is there.
    #[error("the master key is missing: {from} {why}; without it the store's secrets stay sealed")]
    Missing {
        /// Where it was looked for.
        from: String,
        /// What was found instead.
        why: String,
    },
    /// Something else is there.
    #[error(
        "the master key from {from} is not a key: it is 32 random bytes as base64 (44 characters) \
         or as hexadecimal digits (64)"
    )]
    Malformed {
        /// Where it came from.
        from: String,
    },
    /// It could not be read, or made.
    #[error("the master key: {from} {why}")]
    Unreadable {
        /// Where it was looked for.
        from: String,
        /// What failed.
        why: String,
    },
    /// A store that lasts needs a key that lasts.
    #[error("a key in memory is for a store in memory: name a file, a variable or a command")]
    Fleeting,
    /// Another gateway rotated the key.
    #[error(
        "the store is sealed with key {id} now, which this gateway does not have, so it writes nothing: \
         name that key as `master_key` or in `old_keys`, and restart the gateway"
    )]
    Lacking {
        /// The key's identifier.
        id: String,
    },
    /// Others may read or change it.
    #[error("{from} may be read or changed by others (mode {mode:03o}): `chmod 600` it")]
    Exposed {
        /// The file.
        from: String,
        /// Its mode.
        mode: u32,
    },
}

/// A store that was not opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// Another process uses the store.
    #[error("the store is in use by {by}: stop that first, or use another store")]
    Locked {
        /// Who.
        by: String,
    },
    /// The store was sealed with another key.
    #[error(
        "the master key does not open this store: it was sealed with key {sealed_with}, the \
         configuration has {configured}; nothing was changed"
    )]
    WrongKey {
        /// The identifier of the key that sealed it.
        sealed_with: String,
        /// The identifiers of the configured ones.
        configured: String,
    },
    /// The key was not usable.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// There is no store, and the caller wants one that is there.
    #[error("there is no store at {place}: check `url` of [store]; nothing was changed")]
    NoStore {
        /// Where it was looked for.
        place: String,
    },
    /// There is no store, but the key that seals one: the store may have been lost.
    #[error(
        "there is no store at {place}, but its master key is there ({key}), so the store may have \
         been deleted or moved. If it was, put it back, or restore a backup with `waybill restore`. \
         If this is a first start with a key of your own, run `waybill store create` once. Nothing \
         was changed"
    )]
    KeyWithoutStore {
        /// Where it was looked for.
        place: String,
        /// Where the key comes from.
        key: String,
    },
    /// The database may lose what it has acknowledged.
    #[error("the database is not durable: {what}; {way_out}")]
    NotDurable {
        /// Which setting.
        what: String,
        /// What to do.
        way_out: &'static str,
    },
    /// The process may not use a file or folder.
    #[error("{path}: {why}; check the owner and mode of the file and its folder")]
    Permission {
        /// Which.
        path: String,
        /// What failed.
        why: String,
    },
    /// The file or database is not a store of this program.
    #[error("{path} is not a store of this program ({why}); nothing was changed")]
    NotAStore {
        /// Which file or database.
        path: String,
        /// What is there.
        why: String,
    },
    /// The settings contradict each other.
    #[error("{0}")]
    Settings(String),
    /// The database did not do it.
    #[error("the store cannot be opened: {0}")]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for OpenError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}
