//! Finds plugin files and reads them once. Everything later works on the bytes read here.

use std::{
    fs::{self, File, Metadata, OpenOptions},
    io::{self, Read as _},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

/// Larger files are no plugins.
pub(crate) const MAX_FILE: u64 = 64 << 20;
/// More files than that in one folder are a mistake.
const MAX_FILES: usize = 256;
/// Others may write.
const OTHERS_WRITE: u32 = 0o022;

/// Why the folder of plugins cannot be used at all.
#[derive(Debug, thiserror::Error)]
pub enum DirectoryError {
    /// Missing, or not readable.
    #[error("the plugin folder {path} cannot be read: {error}")]
    Unreadable {
        /// Which folder.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// Someone else could put a plugin there.
    #[error("the plugin folder {path} is not safe: {problem}")]
    Unsafe {
        /// Which folder.
        path: PathBuf,
        /// Whose folder it is, or who may write.
        problem: FileError,
    },
    /// Not a folder of plugins.
    #[error("the plugin folder {0} holds more than {MAX_FILES} libraries: is it the right one?")]
    TooMany(PathBuf),
}

/// Why a file is not read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// The system said no.
    #[error("it cannot be read: {0}")]
    Unreadable(String),
    /// A link to some other folder.
    #[error("it is a link out of the plugin folder: copy the file instead")]
    LinkOut,
    /// A folder, a pipe or the like.
    #[error("it is not a regular file")]
    NotAFile,
    /// Owned by a stranger.
    #[error("it belongs to user {0}: `chown` it to root or to the gateway's user")]
    Owner(u32),
    /// Writable by strangers.
    #[error("others may write to it (mode {0:o}): `chmod go-w` it")]
    Writable(u32),
    /// Too large.
    #[error("it is larger than 64 MiB: strip it, or remove what is not a plugin")]
    TooLarge,
    /// Nothing in it.
    #[error("it is empty: copy it again")]
    Empty,
}

/// The libraries of a folder, sorted by name. Other files and subfolders are not looked at.
pub(crate) fn list(dir: &Path) -> Result<Vec<PathBuf>, DirectoryError> {
    let unreadable = |error| DirectoryError::Unreadable {
        path: dir.to_owned(),
        error,
    };
    let metadata = fs::metadata(dir).map_err(unreadable)?;
    // A folder that others may write to makes every check of its files worthless.
    check_access(&metadata).map_err(|problem| DirectoryError::Unsafe {
        path: dir.to_owned(),
        problem,
    })?;
    let mut files = Vec::new();
    for entry in fs::read_dir(dir).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|extension| extension == "so") {
            // Before the push, so that a wrong folder costs no memory.
            if files.len() >= MAX_FILES {
                return Err(DirectoryError::TooMany(dir.to_owned()));
            }
            files.push(path);
        }
    }
    // Sorted, so that messages and the order of loading do not depend on the file system.
    files.sort();
    Ok(files)
}

/// Reads a library whole, if only root and the gateway's user can have written it.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, FileError> {
    let (file, len) = open(path)?;
    read_bounded(&file, len)
}

/// Opens a library, if only root and the gateway's user can have written it; and its length.
pub(crate) fn open(path: &Path) -> Result<(File, u64), FileError> {
    let path = resolve(path)?;
    // The link was resolved above, so none is followed here. Without O_NONBLOCK, opening a pipe would wait for
    // its other end.
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK | libc::O_CLOEXEC)
        .open(path)
        .map_err(unreadable)?;
    // Of the open file, not of its name: the name may mean another file by now.
    let metadata = file.metadata().map_err(unreadable)?;
    if !metadata.is_file() {
        return Err(FileError::NotAFile);
    }
    check_access(&metadata)?;
    Ok((file, metadata.len()))
}

/// A link may only lead to a neighbour.
fn resolve(path: &Path) -> Result<PathBuf, FileError> {
    let parent = path.parent().filter(|p| !p.as_os_str().is_empty());
    let folder = fs::canonicalize(parent.unwrap_or_else(|| Path::new("."))).map_err(unreadable)?;
    let target = fs::canonicalize(path).map_err(unreadable)?;
    if target.parent() == Some(&folder) {
        Ok(target)
    } else {
        Err(FileError::LinkOut)
    }
}

fn read_bounded(file: &File, len: u64) -> Result<Vec<u8>, FileError> {
    if len > MAX_FILE {
        return Err(FileError::TooLarge);
    }
    let mut bytes = Vec::with_capacity(usize::try_from(len).unwrap_or(0));
    // One byte more than allowed, because the file may grow after its size was read.
    let mut bounded = file.take(MAX_FILE + 1);
    bounded.read_to_end(&mut bytes).map_err(unreadable)?;
    match bytes.len() as u64 {
        0 => Err(FileError::Empty),
        n if n > MAX_FILE => Err(FileError::TooLarge),
        _ => Ok(bytes),
    }
}

/// The owner is root or the gateway's user, and no other user may write.
pub(crate) fn check_access(metadata: &Metadata) -> Result<(), FileError> {
    // SAFETY: takes nothing, cannot fail.
    let own = unsafe { libc::geteuid() };
    // Root may write anything anyway, so its files are no further risk.
    if metadata.uid() != 0 && metadata.uid() != own {
        return Err(FileError::Owner(metadata.uid()));
    }
    if metadata.mode() & OTHERS_WRITE != 0 {
        return Err(FileError::Writable(metadata.mode() & 0o7777));
    }
    Ok(())
}

fn unreadable(error: io::Error) -> FileError {
    FileError::Unreadable(error.to_string())
}
