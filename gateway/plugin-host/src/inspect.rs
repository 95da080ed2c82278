//! Reads a plugin file without running any of its code.
//!
//! The dynamic loader runs constructors before it hands a library over, and what was loaded once is
//! never unloaded; so whatever can be found out from the bytes is found out here.

mod elf;
mod glibc;
mod lint;
mod manifest_section;
mod report;

pub use report::Report;

use crate::{Manifest, Refusal};
use elf::Library;
use plugins_abi::{ABI_MAJOR, ABI_MINOR};
use std::sync::Arc;

/// Prefix of the entry symbols of all majors.
const ENTRY_PREFIX: &[u8] = b"waybill_entry_v";

/// What is known about a file that may be loaded.
#[derive(Clone, Debug)]
pub struct Inspection {
    /// The parsed manifest; shared, because a plugin's entry and the loaded plugin keep it too.
    pub manifest: Arc<Manifest>,
    /// The manifest's bytes in the file; the plugin's table must hold the same bytes.
    pub manifest_bytes: Vec<u8>,
    /// What the strict policy refuses and the default one reports.
    pub reports: Vec<Report>,
    /// Highest version of glibc asked for: `2.34`.
    pub glibc: Option<String>,
}

/// Checks a file's bytes. Arbitrary bytes are fine: every read is bounded and nothing runs.
///
/// # Errors
/// With the first reason not to load the file.
pub fn inspect(bytes: &[u8]) -> Result<Inspection, Refusal> {
    let library = Library::parse(bytes)?;
    // The manifest first: it says which major the rest is to be read by.
    let manifest_bytes = manifest_section::read(&library)?;
    let manifest = Manifest::parse(manifest_bytes)?;
    // Before the other keys are read: in another major they may mean something else.
    check_abi(&manifest, &library)?;
    // Parsed here too, so that a mistake in it shows before the code runs.
    manifest.profile()?;
    manifest.diagnosis()?;
    // The manifest first: its reasons help an author more than those of the linker.
    library.check_segments()?;
    library.check_dynamic()?;
    let glibc = glibc::check(&library)?;
    Ok(Inspection {
        reports: lint::reports(&library)?,
        manifest_bytes: manifest_bytes.to_vec(),
        manifest: Arc::new(manifest),
        glibc,
    })
}

/// The version first: all else may mean something different in another major.
fn check_abi(manifest: &Manifest, library: &Library<'_>) -> Result<(), Refusal> {
    if manifest.abi.major != ABI_MAJOR {
        return Err(Refusal::AbiMajor {
            plugin: manifest.abi.major,
        });
    }
    if manifest.requires > ABI_MINOR {
        return Err(Refusal::AbiMinor {
            requires: manifest.requires,
        });
    }
    let entry = plugins_abi::ENTRY_SYMBOL.to_bytes();
    let mut found = library.exports().filter(|export| export.name == entry);
    // Exactly one, or the loader might take another than the one checked here.
    match (found.next(), found.next()) {
        (Some(export), None) if export.is_function => Ok(()),
        (Some(_), _) => Err(Refusal::BadEntry),
        (None, _) => Err(other_entry(library).unwrap_or(Refusal::NoEntry)),
    }
}

/// A library of another major exports another symbol, whatever its manifest says.
fn other_entry(library: &Library<'_>) -> Option<Refusal> {
    let plugin = library
        .exports()
        .filter_map(|export| export.name.strip_prefix(ENTRY_PREFIX))
        .find_map(|major| str::from_utf8(major).ok()?.parse().ok())?;
    Some(Refusal::AbiMajor { plugin })
}
