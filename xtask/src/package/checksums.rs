//! `SHA256SUMS`, which `sha256sum --check` reads.

use super::release::Release;
use anyhow::{Context as _, Result};
use sha2::{Digest as _, Sha256};
use std::{fmt::Write as _, fs};

const NAME: &str = "SHA256SUMS";

/// Lists every file of the folder: one kind of package may be made after another.
pub(super) fn write(release: &Release) -> Result<()> {
    let mut names = Vec::new();
    for entry in fs::read_dir(&release.out).context("cannot read the folder of the packages")? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name != NAME && entry.file_type()?.is_file() {
            names.push(name);
        }
    }
    names.sort();
    let mut sums = String::new();
    for name in names {
        let sum = hex(&Sha256::digest(fs::read(release.out.join(&name))?));
        writeln!(sums, "{sum}  {name}")?;
    }
    release.write(NAME, sums.as_bytes())
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a text cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
