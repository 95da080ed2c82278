//! The Unix socket at which the running gateway is asked: its place, and who may use it.

use super::error::TakeOverError;
use rustix::process::geteuid;
use std::{
    fs::{self, File, Permissions},
    io,
    os::{
        fd::AsRawFd as _,
        unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _},
    },
    path::{Path, PathBuf},
};
use tokio::net::{UnixListener, UnixStream, unix::UCred};

/// Whether the process at the other end belongs to the user of this one.
pub(super) fn same_user(peer: &UCred) -> bool {
    peer.uid() == geteuid().as_raw()
}

/// Where the gateway of this token file is asked.
pub(crate) fn path_beside(token_file: &Path) -> PathBuf {
    let mut name = token_file.as_os_str().to_owned();
    name.push(".take-over");
    name.into()
}

/// A listening socket, and the file that it is.
#[derive(Debug)]
pub(super) struct Listener {
    pub(super) socket: UnixListener,
    path: PathBuf,
    inode: u64,
}

impl Listener {
    /// Listens in the place of a socket that is there already, without a moment in which there is none.
    pub(super) fn bind(path: &Path) -> io::Result<Self> {
        let folder = Folder::of(path)?;
        let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
        let mut new = name.to_owned();
        new.push(format!(".{}", std::process::id()));
        let (new, place) = (folder.path(&new), folder.path(name));
        // Left behind by a process of the same number.
        drop(fs::remove_file(&new));
        let socket = UnixListener::bind(&new)?;
        fs::set_permissions(&new, Permissions::from_mode(0o600))?;
        let inode = fs::symlink_metadata(&new)?.ino();
        fs::rename(&new, &place)?;
        Ok(Self {
            socket,
            path: path.to_owned(),
            inode,
        })
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        // Not the one of a process that has taken over.
        let own = fs::symlink_metadata(&self.path).is_ok_and(|meta| meta.ino() == self.inode);
        if own && let Err(error) = fs::remove_file(&self.path) {
            tracing::debug!(%error, "the socket for take-overs stays behind");
        }
    }
}

/// Connects to the running gateway; none if nothing runs.
pub(super) async fn connect(path: &Path) -> Result<Option<UnixStream>, TakeOverError> {
    let refused = |why: String| TakeOverError::Socket {
        path: path.to_owned(),
        why,
    };
    let meta = match fs::symlink_metadata(path) {
        Ok(meta) => meta,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(refused(error.to_string())),
    };
    if !meta.file_type().is_socket() {
        return Err(refused("it is no socket".to_owned()));
    }
    if meta.uid() != geteuid().as_raw() {
        let (owner, user) = (meta.uid(), geteuid().as_raw());
        return Err(refused(format!(
            "it belongs to user {owner} and this process to user {user}: run it as the gateway's user"
        )));
    }
    let mode = meta.mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(refused(format!("others may use it (mode {mode:03o})")));
    }
    let opened = Folder::of(path).and_then(|folder| {
        let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
        Ok((folder.path(name), folder))
    });
    // The folder stays open until the connection is made.
    let (short, _folder) = opened.map_err(|error| refused(error.to_string()))?;
    let stream = match UnixStream::connect(&short).await {
        Ok(stream) => stream,
        // Left behind by a gateway that was killed.
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => return Ok(None),
        Err(error) => return Err(refused(error.to_string())),
    };
    match stream.peer_cred() {
        Ok(peer) if same_user(&peer) => Ok(Some(stream)),
        Ok(peer) => Err(refused(format!("user {} listens there", peer.uid()))),
        Err(error) => Err(refused(error.to_string())),
    }
}

/// An open folder. A socket's address has room for 107 bytes, and a path may be longer, so the socket is
/// named by the descriptor of its folder.
struct Folder(File);

impl Folder {
    fn of(path: &Path) -> io::Result<Self> {
        match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => File::open(folder),
            Some(_) | None => File::open("."),
        }
        .map(Self)
    }

    fn path(&self, name: &std::ffi::OsStr) -> PathBuf {
        Path::new("/proc/self/fd")
            .join(self.0.as_raw_fd().to_string())
            .join(name)
    }
}

#[cfg(test)]
mod tests {
    use super::{Listener, Permissions, connect, fs, geteuid, path_beside};
    use std::os::unix::fs::{PermissionsExt as _, chown, symlink};

    #[tokio::test]
    async fn socket_is_private_and_replaces_the_one_of_before() {
        let folder = tempfile::tempdir().unwrap();
        // Longer than a socket's address.
        let deep = folder.path().join("d".repeat(200));
        fs::create_dir(&deep).unwrap();
        let path = path_beside(&deep.join("admin.token"));
        assert!(connect(&path).await.unwrap().is_none(), "nothing is there");
        let first = Listener::bind(&path).unwrap();
        let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600);
        let second = Listener::bind(&path).unwrap();
        drop(first);
        assert!(
            connect(&path).await.unwrap().is_some(),
            "the second listens"
        );
        drop(second);
        assert!(!path.exists());
    }

    #[tokio::test]
    async fn what_somebody_else_may_have_put_there_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let listener = Listener::bind(&path).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o660)).unwrap();
        let error = connect(&path).await.unwrap_err().to_string();
        assert!(error.contains("others may use it"), "{error}");
        let link = folder.path().join("link");
        symlink(&path, &link).unwrap();
        let error = connect(&link).await.unwrap_err().to_string();
        assert!(error.contains("no socket"), "{error}");
        // Only root may give a file away.
        if geteuid().is_root() {
            fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
            chown(&path, Some(12_345), None).unwrap();
            let error = connect(&path).await.unwrap_err().to_string();
            assert!(error.contains("belongs to user 12345"), "{error}");
        }
        drop(listener);
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        assert!(connect(&path).await.unwrap().is_none(), "its process died");
    }
}
