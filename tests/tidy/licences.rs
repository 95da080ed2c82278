//! Sources and licences of every dependency; `deny.toml` says the same to cargo-deny.

use cargo_metadata::{MetadataCommand, Package};

/// Licences that need nothing from us beyond their text.
const ALLOWED: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "OpenSSL",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

fn packages() -> Vec<Package> {
    // Not offline: a build downloads the packages of its own platform only, and this reads all of them.
    let metadata = MetadataCommand::new()
        .current_dir(super::root())
        .other_options(vec!["--locked".to_owned()])
        .exec()
        .expect("cargo reads the graph");
    metadata.packages
}

/// Whether every part of an `AND` has an allowed alternative. Expressions nest one level at most.
fn allowed(expression: &str) -> bool {
    let flat = expression.replace('/', " OR ").replace(['(', ')'], "");
    let ors = |part: &str| part.split(" OR ").any(|one| ALLOWED.contains(&one.trim()));
    if expression.contains('(') {
        flat.split(" AND ").all(ors)
    } else {
        flat.split(" OR ")
            .any(|or| or.split(" AND ").all(|one| ALLOWED.contains(&one.trim())))
    }
}

#[test]
fn dependencies_have_allowed_licences() {
    let offences: Vec<_> = packages()
        .iter()
        .filter(|package| !package.license.as_deref().is_some_and(allowed))
        .map(|package| {
            format!(
                "{} {}: {:?}",
                package.name, package.version, package.license
            )
        })
        .collect();
    super::assert_none("licences", &offences);
}

#[test]
fn dependencies_come_from_the_registry() {
    let offences: Vec<_> = packages()
        .iter()
        .filter(|package| {
            package
                .source
                .as_ref()
                .is_some_and(|source| !source.is_crates_io())
        })
        .map(|package| format!("{} {}", package.name, package.version))
        .collect();
    super::assert_none("sources", &offences);
}

#[test]
fn licence_expressions_are_understood() {
    for (expression, expected) in [
        ("MIT OR Apache-2.0", true),
        ("MIT/Apache-2.0", true),
        ("GPL-3.0", false),
        ("GPL-3.0 OR MIT", true),
        ("MIT AND GPL-3.0", false),
        ("(MIT OR GPL-3.0) AND ISC", true),
        ("(GPL-2.0 OR GPL-3.0) AND MIT", false),
    ] {
        assert_eq!(allowed(expression), expected, "{expression}");
    }
}
