//! What a plugin has no need for. A lint against mistakes, not a sandbox: system calls need no import.

use super::{
    elf::{Library, shown},
    report::Report,
};
use crate::Refusal;
use object::elf;
use std::collections::BTreeSet;

/// Beginnings of the names of the system's own libraries.
const SYSTEM: [&[u8]; 8] = [
    b"libc.so.",
    b"libgcc_s.so.",
    b"libm.so.",
    b"libdl.so.",
    b"libpthread.so.",
    b"librt.so.",
    b"ld-linux",
    b"libc.musl",
];

/// Functions that a pure codec never calls, sorted.
const FORBIDDEN: [&str; 67] = [
    "_Exit",
    "_exit",
    "accept",
    "accept4",
    "atexit",
    "bind",
    "chmod",
    "chown",
    "clone",
    "connect",
    "creat",
    "creat64",
    "daemon",
    "dlmopen",
    "dlopen",
    "execl",
    "execle",
    "execlp",
    "execv",
    "execve",
    "execveat",
    "execvp",
    "execvpe",
    "exit",
    "fexecve",
    "fopen",
    "fopen64",
    "fork",
    "getaddrinfo",
    "gethostbyname",
    "getpwnam",
    "getpwuid",
    "kill",
    "killpg",
    "link",
    "listen",
    "mkdir",
    "mkstemp",
    "mkstemp64",
    "openat",
    "openat64",
    "pipe",
    "popen",
    "posix_spawn",
    "posix_spawnp",
    "prctl",
    "pthread_create",
    "pthread_kill",
    "ptrace",
    "putenv",
    "quick_exit",
    "raise",
    "recvfrom",
    "rename",
    "renameat",
    "rmdir",
    "sendto",
    "setenv",
    "setrlimit",
    "sigaction",
    "signal",
    "socket",
    "socketpair",
    "system",
    "unlink",
    "unsetenv",
    "vfork",
];

/// All there is to report, sorted, each once.
pub(super) fn reports(library: &Library<'_>) -> Result<Vec<Report>, Refusal> {
    let entry = plugins_abi::ENTRY_SYMBOL.to_bytes();
    let mut found = BTreeSet::new();
    // Filters and auxiliaries are loaded like needed libraries, and so could hide one.
    for tag in [elf::DT_NEEDED, elf::DT_AUXILIARY, elf::DT_FILTER] {
        let names = library.strings_of(tag)?;
        let foreign = |name: &&[u8]| !SYSTEM.iter().any(|known| name.starts_with(known));
        found.extend(
            names
                .into_iter()
                .filter(foreign)
                .map(|name| Report::Library(shown(name))),
        );
    }
    let exports = library.exports().filter(|export| export.name != entry);
    found.extend(exports.map(|export| Report::Export(shown(export.name))));
    let forbidden = library.imports().filter_map(|name| {
        let name = str::from_utf8(name).ok()?;
        // By halves, which is why the list is sorted.
        FORBIDDEN.binary_search(&name).ok().map(|_| name.to_owned())
    });
    found.extend(forbidden.map(Report::Import));
    Ok(found.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forbidden_names_are_sorted_for_the_search() {
        assert!(FORBIDDEN.is_sorted());
    }
}
