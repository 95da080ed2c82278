//! The files that can be opened while the plugin is loaded.
//!
//! One call of the system's loader opens the library and runs its constructors, so the filter of system calls
//! cannot tell them apart. Landlock can tell files apart: it leaves what the loader needs, and none of the
//! operator's files.

use landlock::{
    ABI, Access as _, AccessFs, Ruleset, RulesetAttr as _, RulesetCreatedAttr as _, RulesetError,
    path_beneath_rules,
};
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// Where the system's libraries are, how the loader finds them, and where the C library finds its stack.
const SYSTEM: [&str; 9] = [
    "/lib",
    "/lib32",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
    "/usr/local/lib",
    "/etc/ld.so.cache",
    "/etc/ld.so.preload",
    "/proc/self/maps",
];

/// For this thread, and for the threads that it starts. A system without Landlock restricts nothing.
pub(super) fn restrict(library: &Path) -> Result<(), String> {
    let own = own_libraries();
    let restricted = apply(
        SYSTEM
            .iter()
            .map(Path::new)
            .chain(own.iter().map(PathBuf::as_path))
            .chain([library]),
    );
    restricted
        .map_err(|error| format!("the files of its worker process cannot be restricted: {error}"))
}

fn apply<'p>(readable: impl Iterator<Item = &'p Path>) -> Result<(), RulesetError> {
    let all = AccessFs::from_all(ABI::V1);
    let read = AccessFs::ReadFile | AccessFs::ReadDir;
    Ruleset::default()
        .handle_access(all)?
        .create()?
        .add_rules(path_beneath_rules(readable, read))?
        .restrict_self()
        .map(drop)
}

/// The folders of the libraries that this process has loaded: a plugin needs the same ones, and some systems
/// keep them in a place of their own.
fn own_libraries() -> BTreeSet<PathBuf> {
    let maps = fs::read_to_string("/proc/self/maps").unwrap_or_default();
    let files = maps
        .lines()
        .filter_map(|line| line.find('/').map(|at| Path::new(&line[at..])));
    let is_library = |file: &&Path| {
        let name = file.file_name().and_then(|name| name.to_str());
        name.is_some_and(|name| name.ends_with(".so") || name.contains(".so."))
    };
    let folders = files.filter(is_library).filter_map(Path::parent);
    folders.map(Path::to_owned).collect()
}
