//! The file with the first admin token.

use gateway_model::Secret;
use std::{
    fs, io,
    io::Write as _,
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::Path,
};

/// Writes the token, readable by the owner only; an older token, whose store is gone, is replaced.
pub(super) fn write(path: &Path, token: &Secret) -> io::Result<()> {
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
        .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))?;
    // The mode above counts for a new file only.
    file.set_permissions(fs::Permissions::from_mode(0o600))?;
    // After the mode: the token must never be in a file that others can read.
    file.write_all(token.expose().as_bytes())?;
    file.write_all(b"\n")?;
    // The store keeps a digest only, so nobody could read the token anywhere else after a loss of power.
    file.sync_all()
}
