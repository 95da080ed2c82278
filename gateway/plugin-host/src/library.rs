//! Opens a private copy. A library that was opened is never closed: its threads and thread-locals may
//! outlive every handle that the gateway counts.

use libc::{MADV_DONTNEED, PF_W, PT_LOAD, c_int, c_void, dl_phdr_info, size_t};
use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};
use plugins_abi::{ENTRY_SYMBOL, EntryPoint};
use std::{mem, path::Path, slice};

/// The alignment of a mapping, on every machine that this runs on; a system with larger pages refuses the call.
const PAGE: u64 = 4096;

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

/// Unmaps the pages of code and constants of the library that has this entry point. The system maps those again that are
/// used, from the file.
///
/// A load touches most of them, because the kernel maps 64 KB around each page that is needed: with a dozen plugins that
/// is most of what they cost, also for carriers of which there is no account.
pub(crate) fn unmap_pages(entry: EntryPoint) {
    unmap_pages_around(entry as usize);
}

/// Unmaps the pages of code and constants of this program, as those of a library: a start runs much that is not run
/// again, and that is most of what the process would count as its memory.
pub fn unmap_own_pages() {
    unmap_pages_around(unmap_own_pages as fn() as usize);
}

/// Does so for the program or the library in which this address is.
fn unmap_pages_around(mut address: usize) {
    // SAFETY: `unmap` takes what this function gives it, and `address` lives until the call returns.
    unsafe { libc::dl_iterate_phdr(Some(unmap), (&raw mut address).cast()) };
}

/// Called for each library of the process; a result other than 0 ends that.
///
/// # Safety
/// `library` describes a mapped library, and `address` is a `usize`.
unsafe extern "C" fn unmap(library: *mut dl_phdr_info, _: size_t, address: *mut c_void) -> c_int {
    // SAFETY: by this function's contract.
    let library = unsafe { &*library };
    // SAFETY: the headers are part of the library.
    let headers = unsafe { slice::from_raw_parts(library.dlpi_phdr, library.dlpi_phnum.into()) };
    // SAFETY: by this function's contract.
    let address = unsafe { *address.cast::<usize>() } as u64;
    let segments = || {
        let loaded = headers.iter().filter(|header| header.p_type == PT_LOAD);
        loaded.map(|header| {
            (
                library.dlpi_addr.saturating_add(header.p_vaddr),
                header.p_memsz,
                header.p_flags,
            )
        })
    };
    if !segments()
        .any(|(start, length, _)| (start..start.saturating_add(length)).contains(&address))
    {
        return 0;
    }
    for (start, length, _) in segments().filter(|(_, _, flags)| flags & PF_W == 0) {
        let page = start - start % PAGE;
        let length = usize::try_from(length.saturating_add(start - page)).unwrap_or(0);
        // SAFETY: nobody can have written to these pages, as `inspect` refuses libraries whose code needs relocation, and
        // the linker makes no such program, so that the file has all that is in them. A failure changes nothing.
        unsafe { libc::madvise(page as *mut c_void, length, MADV_DONTNEED) };
    }
    1
}

/// The dynamic loader's own words.
fn reason(error: &libloading::Error) -> String {
    let text = match std::error::Error::source(error) {
        Some(source) => source.to_string(),
        None => error.to_string(),
    };
    crate::text::clean(&text, 300)
}
