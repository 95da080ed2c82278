//! What keeps a store from being opened, found without opening it.

use crate::{Access, KeyError, OpenError, creation, file::FileId, key::read_key};
use gateway_model::{MasterKeySource, StoreOptions, StoreUrl};
use std::path::Path;

/// Checks the store's folder and its master keys. A key file that does not exist yet is no error: the
/// first start of a store makes it. The database is not opened, because a gateway may be using it.
///
/// # Errors
/// With the reason why the store could not be opened.
pub async fn check_options(options: &StoreOptions) -> Result<(), OpenError> {
    if let StoreUrl::Sqlite(path) = &options.url {
        folder_exists(path)?;
    }
    let keys = std::iter::once(&options.master_key).chain(&options.old_keys);
    for (at, source) in keys.enumerate() {
        let is_new = at == 0 && may_be_made(source, &options.url);
        match read_key(source, false).await {
            Err(KeyError::Missing { .. }) if is_new => {}
            read => drop(read?),
        }
    }
    match &options.url {
        StoreUrl::Sqlite(path) if creation::is_absent(path) => {
            creation::may_be_made(options, Access::Gateway)
        }
        StoreUrl::Sqlite(_) | StoreUrl::Postgres(_) | StoreUrl::Memory => Ok(()),
    }
}

/// Which store this is, for comparing it with that of another process; none for a store in memory. The text
/// holds no secret.
pub fn place(url: &StoreUrl) -> Option<String> {
    match url {
        StoreUrl::Memory => None,
        StoreUrl::Sqlite(path) => {
            // By the file: two configurations may name it in different ways.
            let id = FileId::at(path).map(|id| format!("{}:{}", id.device, id.inode));
            Some(format!("sqlite {}", id.unwrap_or_default()))
        }
        StoreUrl::Postgres(url) => {
            let url = url.expose().as_bytes();
            let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, url);
            // As a digest, because the URL holds a password.
            let digest = u128::from_be_bytes(digest.as_ref()[..16].try_into().ok()?);
            Some(format!("postgres {digest:032x}"))
        }
    }
}

/// Whether the first start makes the key's file.
fn may_be_made(source: &MasterKeySource, url: &StoreUrl) -> bool {
    let is_file = matches!(source, MasterKeySource::File(_));
    match url {
        StoreUrl::Sqlite(path) => is_file && creation::is_absent(path),
        // Whether the database is new can only be asked of the server.
        StoreUrl::Postgres(_) => is_file,
        StoreUrl::Memory => false,
    }
}

fn folder_exists(database: &Path) -> Result<(), OpenError> {
    let folder = database.parent();
    let folder = folder.filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or_else(|| Path::new("."));
    match std::fs::metadata(folder) {
        Ok(meta) if meta.is_dir() => Ok(()),
        Ok(_) => Err(unusable(folder, "it is not a folder".to_owned())),
        Err(error) => Err(unusable(folder, error.to_string())),
    }
}

fn unusable(folder: &Path, why: String) -> OpenError {
    OpenError::Permission {
        path: folder.display().to_string(),
        why,
    }
}
