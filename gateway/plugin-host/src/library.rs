//! Opens a private copy. A library that was opened is never closed: its threads and thread-locals may
//! outlive every handle that the gateway counts.

use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};
use plugins_abi::{ENTRY_SYMBOL, EntryPoint};
use std::{mem, path::Path};

/// Opens the library and finds its entry point.
///
/// # Safety
/// The file was inspected, is private to this process' user and is never written again. Its
/// constructors run here.
pub(crate) unsafe fn open(path: &Path) -> Result<EntryPoint, String> {
    // SAFETY: by this function's contract; binding at once finds a missing import here, not in a call.
    let library = unsafe { Library::open(Some(path), RTLD_NOW | RTLD_LOCAL) };
    let library = library.map_err(|error| reason(&error))?;
    // SAFETY: the symbol was found to be a function by `inspect`; its name stands for its type.
    let entry = unsafe { library.get::<EntryPoint>(ENTRY_SYMBOL) };
    let entry = entry.map(|symbol| *symbol).map_err(|error| reason(&error));
    // Never closed: unmapping code that a thread may return to would crash the process.
    mem::forget(library);
    entry
}

/// The dynamic loader's own words.
fn reason(error: &libloading::Error) -> String {
    let text = match std::error::Error::source(error) {
        Some(source) => source.to_string(),
        None => error.to_string(),
    };
    crate::text::clean(&text, 300)
}
