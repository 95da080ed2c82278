//! The stored profile: `programs.profdata.gz`, and beside it `compiler.txt`, which says what made it.
//!
//! A profile knows functions by names that the compiler makes, and counts the branches of its intermediate code. So it
//! fits the very compiler that made it. A change of the sources costs the guidance of the functions that changed,
//! and nothing else.

use super::{Compiler, target};
use crate::source;
use anyhow::{Context as _, Result, ensure};
use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use std::{
    fs,
    io::{Read as _, Write as _},
    path::{Path, PathBuf},
};

const PROFILE: &str = "programs.profdata.gz";
const COMPILER: &str = "compiler.txt";
/// Begins the line that says from which sources a profile was made.
const COMMIT: &str = "commit: ";

/// A profile that fits this compiler.
pub(super) struct Stored {
    /// Where the compiler can read it.
    pub(super) file: PathBuf,
    /// What made it, in words.
    pub(super) origin: String,
}

fn folder(sources: &Path) -> PathBuf {
    sources.join("packaging/profile")
}

/// The stored profile, unpacked for this compiler under this name; `None` if none was stored yet. Checkouts take turns,
/// so each has a name.
///
/// # Errors
/// If another compiler made it.
pub(super) fn stored(compiler: &Compiler, name: &str) -> Result<Option<Stored>> {
    let folder = folder(&compiler.sources);
    let made_by = match fs::read_to_string(folder.join(COMPILER)) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).context("cannot read packaging/profile/compiler.txt"),
    };
    let origin = check(&made_by, &compiler.version)?;
    let packed = fs::read(folder.join(PROFILE))
        .with_context(|| format!("cannot read packaging/profile/{PROFILE}"))?;
    let mut profile = Vec::new();
    GzDecoder::new(packed.as_slice())
        .read_to_end(&mut profile)
        .with_context(|| format!("packaging/profile/{PROFILE} is damaged: check it out again"))?;
    let file = target().join(format!("{name}.profdata"));
    // Cargo rebuilds everything when a file that a flag names is newer, so an equal one stays.
    if !fs::read(&file).is_ok_and(|old| old == profile) {
        fs::create_dir_all(target()).context("cannot make target/shipped")?;
        fs::write(&file, profile).context("cannot unpack the profile")?;
    }
    Ok(Some(Stored { file, origin }))
}

/// Says where a profile comes from if this compiler made it.
fn check(made_by: &str, compiler: &str) -> Result<String> {
    let (maker, commit) = made_by
        .split_once(COMMIT)
        .with_context(|| format!("packaging/profile/{COMPILER} has no line `{COMMIT}…`"))?;
    let name = |text: &str| {
        let field = |name| text.lines().find_map(|line| line.strip_prefix(name));
        let host = field("host: ").unwrap_or("unknown machine");
        format!("{} for {host}", text.lines().next().unwrap_or_default())
    };
    ensure!(
        maker.trim() == compiler.trim(),
        "the stored profile was made by {}, and this is {}: a profile guides only the compiler that made it. Install \
         that compiler with rustup, if it is one for this machine. Or make a new profile with `cargo xtask dist \
         --renew-profile` (about 15 minutes on two cores). Or build with --unguided, after which the programs need \
         about 15 % more processor time",
        name(maker),
        name(compiler)
    );
    Ok(format!(
        "the stored profile, made from commit {}",
        commit.trim()
    ))
}

/// Stores a new profile; says how many bytes it has.
pub(super) fn store(profile: &Path, compiler: &Compiler) -> Result<usize> {
    let folder = folder(&compiler.sources);
    // Before the profile is written, which is a change of the sources itself.
    let commit = source::revision().unwrap_or_else(|| "unknown".to_owned());
    fs::create_dir_all(&folder).context("cannot make packaging/profile")?;
    let mut packer = GzEncoder::new(Vec::new(), Compression::best());
    packer.write_all(&fs::read(profile).context("cannot read the merged profile")?)?;
    let packed = packer.finish()?;
    fs::write(folder.join(PROFILE), &packed).context("cannot store the profile")?;
    let origin = format!("{}\n{COMMIT}{commit}\n", compiler.version.trim());
    fs::write(folder.join(COMPILER), origin).context("cannot store what made the profile")?;
    Ok(packed.len())
}

#[cfg(test)]
mod tests {
    use super::check;

    const ONE: &str =
        "rustc 1.95.0 (59807616e 2026-04-14)\nbinary: rustc\nhost: x86_64-unknown-linux-gnu\n";

    #[test]
    fn profile_of_this_compiler_is_taken() {
        let made_by = format!("{ONE}commit: 7cdf302\n");
        assert!(check(&made_by, ONE).unwrap().contains("7cdf302"));
    }

    #[test]
    fn profile_of_another_compiler_is_refused_with_both_and_a_remedy() {
        let made_by = format!("{ONE}commit: 7cdf302\n");
        for other in [
            ONE.replace("1.95.0", "1.96.1"),
            ONE.replace("x86_64", "aarch64"),
        ] {
            let error = check(&made_by, &other).unwrap_err().to_string();
            for part in ["1.95.0", "x86_64", "--renew-profile", "--unguided"] {
                assert!(error.contains(part), "{error}");
            }
            assert!(
                error.contains("1.96.1") || error.contains("aarch64"),
                "{error}"
            );
        }
    }
}
