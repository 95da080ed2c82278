//! Versions of glibc that a library asks for.

use super::elf::Library;
use crate::Refusal;
use object::{LittleEndian, read::elf::SectionHeader as _};

const LE: LittleEndian = LittleEndian;
/// A bound for hostile chains; real plugins ask for a dozen versions.
const MAX_VERSIONS: usize = 10_000;

/// The highest version asked for, if this system has it.
pub(super) fn check(library: &Library<'_>) -> Result<Option<String>, Refusal> {
    let needed = highest(library)?;
    let (Some(needed), Some(present)) = (needed, present()) else {
        return Ok(needed.map(text));
    };
    // Refused before it is loaded: the loader's own message says less.
    if needed > present {
        return Err(Refusal::Glibc {
            needed: text(needed),
            present: text(present),
        });
    }
    Ok(Some(text(needed)))
}

fn highest(library: &Library<'_>) -> Result<Option<(u32, u32)>, Refusal> {
    let damaged = || Refusal::Damaged("symbol versions");
    let mut highest = None;
    let mut seen = 0;
    for section in library.sections.iter() {
        let Some((mut needs, link)) = section
            .gnu_verneed(LE, library.bytes)
            .map_err(|_| damaged())?
        else {
            // Most sections say nothing of versions.
            continue;
        };
        let strings = library
            .sections
            .strings(LE, library.bytes, link)
            .map_err(|_| damaged())?;
        while let Some((_, mut versions)) = needs.next().map_err(|_| damaged())? {
            while let Some(version) = versions.next().map_err(|_| damaged())? {
                seen += 1;
                // The chains are linked by offsets of the file, so a hostile file can make a loop.
                if seen > MAX_VERSIONS {
                    return Err(damaged());
                }
                let name = version.name(LE, strings).map_err(|_| damaged())?;
                highest = highest.max(parse(name));
            }
        }
    }
    Ok(highest)
}

/// `GLIBC_2.2.5` → (2, 2). Names of other libraries and `GLIBC_PRIVATE` are none.
fn parse(name: &[u8]) -> Option<(u32, u32)> {
    let version = str::from_utf8(name).ok()?.strip_prefix("GLIBC_")?;
    numbers(version)
}

fn numbers(version: &str) -> Option<(u32, u32)> {
    let mut parts = version.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

fn text((major, minor): (u32, u32)) -> String {
    format!("{major}.{minor}")
}

/// The version of this system's glibc.
#[cfg(target_env = "gnu")]
fn present() -> Option<(u32, u32)> {
    // SAFETY: the function takes nothing and returns a static C string.
    let version = unsafe { libc::gnu_get_libc_version() };
    // SAFETY: glibc's static string: not null, terminated, never freed.
    let version = unsafe { std::ffi::CStr::from_ptr(version) };
    numbers(version.to_str().ok()?)
}

/// There is no glibc here.
#[cfg(not(target_env = "gnu"))]
fn present() -> Option<(u32, u32)> {
    None
}
