//! Files beside the database.

use crate::OpenError;
use std::fs::{File, Metadata, OpenOptions};
use std::io::Result;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

/// Which file it is, whatever it is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FileId {
    pub(crate) device: u64,
    pub(crate) inode: u64,
}

impl FileId {
    /// An open file; `None` if the system does not tell.
    pub(crate) fn of(file: &File) -> Option<Self> {
        file.metadata().ok().as_ref().map(Self::from)
    }

    /// The file under this name; `None` if there is none.
    pub(crate) fn at(path: &Path) -> Option<Self> {
        std::fs::metadata(path).ok().as_ref().map(Self::from)
    }
}

impl From<&Metadata> for FileId {
    fn from(meta: &Metadata) -> Self {
        Self {
            device: meta.dev(),
            inode: meta.ino(),
        }
    }
}

/// The file of the same name with `suffix` after it.
pub(crate) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Opens a file for reading and writing; a new one belongs to us alone.
pub(crate) fn open_private(path: &Path) -> Result<File> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        // Never truncated: the file may be the database or the slot of a running gateway.
        .truncate(false)
        // Set when the file is made, as a later `chmod` would leave a moment in which others can open it.
        .mode(0o600)
        .open(path)
}

/// The folder a file is in.
pub(crate) fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Makes the names in a file's folder durable.
pub(crate) fn sync_folder(path: &Path) -> Result<()> {
    File::open(folder(path))?.sync_all()
}

/// Refuses a file that others may read or change.
pub(crate) fn check_private(file: &File, path: &Path) -> std::result::Result<(), OpenError> {
    let meta = file.metadata().map_err(|error| OpenError::Permission {
        path: path.display().to_string(),
        why: error.to_string(),
    })?;
    let mode = meta.permissions().mode() & 0o777;
    // Read and write alike: whoever may change the file may put an older one in its place.
    if mode & 0o077 == 0 {
        return Ok(());
    }
    Err(OpenError::Permission {
        path: path.display().to_string(),
        why: format!("others may read or change it (mode {mode:03o}): `chmod 600` it"),
    })
}
