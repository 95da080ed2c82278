//! Which store, and its keys.

use crate::Secret;
use std::path::{Path, PathBuf};

/// Which store, and its keys.
#[derive(Clone, Debug)]
pub struct StoreOptions {
    /// Where it is.
    pub url: StoreUrl,
    /// The key that seals and opens it.
    pub master_key: MasterKeySource,
    /// Keys that older records may still be sealed with.
    pub old_keys: Vec<MasterKeySource>,
    /// Where the one connection goes that must not pass through a pooler in transaction mode; the store's own
    /// URL if it is not given. PostgreSQL only.
    pub listen_url: Option<Secret>,
}

/// Where the master key comes from.
#[derive(Clone, Debug)]
pub enum MasterKeySource {
    /// A file with the key as base64; created with mode 0600 when the store is new.
    File(PathBuf),
    /// An environment variable.
    Env(String),
    /// A program and its arguments; it prints the key within ten seconds.
    Command(Vec<String>),
    /// A new key that is not kept; for stores in memory only.
    Ephemeral,
}

/// Where a store is.
#[derive(Clone, Debug)]
pub enum StoreUrl {
    /// Nowhere: it is gone when it is closed.
    Memory,
    /// In a file, which SQLite keeps.
    Sqlite(PathBuf),
    /// In a PostgreSQL database. The URL may hold a password.
    Postgres(Secret),
}

impl StoreUrl {
    /// Reads `memory:`, `sqlite://FILE` or `postgres://…`; a relative file is taken from `folder`.
    pub fn parse(text: &str, folder: &Path) -> Result<Self, String> {
        let text = text.trim();
        if text == "memory:" {
            return Ok(Self::Memory);
        }
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self::Postgres(Secret::new(text.to_owned())));
        }
        // The text is not repeated: it may hold a password.
        let Some(file) = text.strip_prefix("sqlite:") else {
            return Err(
                "the store's URL is none of `memory:`, `sqlite://FILE` and `postgres://…`"
                    .to_owned(),
            );
        };
        // With and without the two slashes: both spellings are in use.
        let file = file.strip_prefix("//").unwrap_or(file);
        // A NUL would cut the name in the system's own functions.
        if file.is_empty() || file.ends_with('/') || file.contains('\0') {
            return Err("`sqlite://` needs a file: `sqlite://waybill.db`".to_owned());
        }
        Ok(Self::Sqlite(folder.join(file)))
    }
}
