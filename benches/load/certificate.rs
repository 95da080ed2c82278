//! The certificate of every program here that speaks TLS and has none of its own.

use anyhow::Result;
use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

/// A certificate for `localhost`, and its key, in files of this folder; made once. It is its own authority.
pub(crate) fn certificate(folder: &Path) -> Result<(PathBuf, PathBuf)> {
    let (file, key) = (folder.join("localhost.pem"), folder.join("localhost.key"));
    if !key.exists() {
        let names = vec!["localhost".to_owned()];
        let made = rcgen::generate_simple_self_signed(names)?;
        fs::write(&file, made.cert.pem())?;
        fs::write(&key, made.signing_key.serialize_pem())?;
        fs::set_permissions(&key, fs::Permissions::from_mode(0o600))?;
    }
    Ok((file, key))
}
