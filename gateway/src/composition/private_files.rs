//! What the gateway keeps on disk, for the control plane.

use gateway_config::Config;
use gateway_control::{Files, PrivateFile};
use gateway_store::{MasterKeySource, StoreUrl};
use std::path::{Path, PathBuf};

/// Only its owner may have access.
const OWNER_ONLY: u32 = 0o077;
/// A group may read it, as it does a mounted secret.
const GROUP_READS: u32 = 0o027;
/// Every user may read it: it names secrets and holds none.
const OWNER_WRITES: u32 = 0o022;

/// The files that the operator has to protect and back up.
pub(super) fn kept(config: &Config) -> Files {
    let file = |what, path: &Path, forbidden, needed| PrivateFile {
        what,
        path: path.to_owned(),
        forbidden,
        needed,
    };
    let mut private = vec![
        file("the configuration", &config.file, OWNER_WRITES, true),
        file(
            "the first admin token",
            &config.admin.token_file,
            OWNER_ONLY,
            // It may be gone: whoever keeps the token elsewhere is free to delete the file.
            false,
        ),
    ];
    let mut backup_dir = folder(&config.file);
    // A database on a server has no file here.
    if let StoreUrl::Sqlite(path) = &config.store.url {
        private.push(file("the store", path, OWNER_ONLY, true));
        backup_dir = folder(path);
    }
    // A key from a variable or a program has no file either.
    if let MasterKeySource::File(path) = &config.store.master_key {
        private.push(file("the store's master key", path, GROUP_READS, true));
    }
    Files {
        backup_dir: Some(backup_dir),
        private,
    }
}

fn folder(file: &Path) -> PathBuf {
    match file.parent() {
        // A bare file name has an empty parent, which no system call takes for a folder.
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        Some(_) | None => PathBuf::from("."),
    }
}
