//! Why a file is not loaded, found without running any of its code.

use crate::{ManifestError, Report};
use plugins_abi::{ABI_MAJOR, ABI_MINOR};

/// What the check of a plugin file found wrong. Every text says what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Another kind of file.
    #[error("this is not an ELF file: give the library (*.so) that `cargo build --release` made")]
    NotElf,
    /// The file ends early, or its parts contradict each other.
    #[error("the ELF file is damaged ({0}): build or copy it again")]
    Damaged(&'static str),
    /// For another kind of machine.
    #[error("the library is for {found}, this gateway runs on {host}: build it for this machine")]
    WrongMachine {
        /// What the file says.
        found: String,
        /// What would do.
        host: &'static str,
    },
    /// A program or an object file.
    #[error("this is {0}, not a shared library: build the plugin with crate type \"cdylib\"")]
    NotALibrary(&'static str),
    /// The section is missing.
    #[error(
        "there is no manifest in the file: export the plugin with the SDK's `export_plugin!` or the \
         header's WAYBILL_MANIFEST"
    )]
    NoManifest,
    /// The section is there, but not what it should be.
    #[error("the manifest section is malformed ({0}): build the plugin with the current SDK")]
    ManifestSection(&'static str),
    /// The manifest says something unusable.
    #[error("the manifest cannot be used: {0}")]
    Manifest(#[from] ManifestError),
    /// The entry point is missing.
    #[error(
        "the library exports no `waybill_entry_v1`: export the plugin with `export_plugin!`, and let \
         the linker keep the symbol"
    )]
    NoEntry,
    /// The entry point is not code, or defined more than once.
    #[error("`waybill_entry_v1` is not one function: export exactly one plugin per library")]
    BadEntry,
    /// A library for other versions of the ABI.
    #[error(
        "the plugin speaks ABI major {plugin}, this gateway speaks major {host}: use a plugin built \
         for major {host}, or a gateway for major {plugin}",
        host = ABI_MAJOR
    )]
    AbiMajor {
        /// What the plugin was built for.
        plugin: u32,
    },
    /// A plugin that cannot work with so old a gateway.
    #[error(
        "the plugin requires ABI {major}.{requires}, this gateway offers {major}.{host}: update the \
         gateway, or use an older release of the plugin",
        major = ABI_MAJOR, host = ABI_MINOR
    )]
    AbiMinor {
        /// The lowest minor that would do.
        requires: u32,
    },
    /// Initial-exec thread-local storage: libraries with it use up a small fixed area of the process.
    #[error(
        "the library uses static thread-local storage (DF_STATIC_TLS): remove allocators such as \
         jemalloc and mimalloc, and build with -ftls-model=global-dynamic"
    )]
    StaticTls,
    /// Code would have to be rewritten while it is loaded.
    #[error("the library's code needs relocation (TEXTREL): build it with -fPIC")]
    TextRelocations,
    /// Memory that is both writable and executable.
    #[error(
        "a part of the library is writable and executable: link it without -N and without a linker script that merges segments"
    )]
    WritableCode,
    /// The stack would become executable.
    #[error(
        "the library asks for an executable stack: link it with -z noexecstack, and mark assembler \
         sources with .note.GNU-stack"
    )]
    ExecutableStack,
    /// The file brings its own search path.
    #[error("the library has a search path of its own ({0}): link it without -rpath")]
    SearchPath(String),
    /// Built on a system newer than this one.
    #[error(
        "the library needs GLIBC_{needed}, this system has {present}: build the plugin on a system no \
         newer than this one, or with cargo-zigbuild for glibc {present}"
    )]
    Glibc {
        /// The highest version asked for.
        needed: String,
        /// The version of this system.
        present: String,
    },
    /// Something that only the strict policy refuses.
    #[error("{0}; `strict` refuses it")]
    Strict(Report),
}
