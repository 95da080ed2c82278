//! Where results go: standard output, and files.

use anyhow::Result;
use std::{io::Write as _, path::Path};

/// Writes a file and makes its folder.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    Ok(std::fs::write(path, bytes)?)
}

/// Writes a line to standard output.
pub(crate) fn say(text: &str) -> Result<()> {
    Ok(writeln!(std::io::stdout().lock(), "{text}")?)
}
