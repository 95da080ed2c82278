//! The Python package of mock-ups: a wheel with the program, the client and the pytest fixture.

use super::{pack, release::Release};
use anyhow::Result;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};
use std::fs;

const MODULES: [&str; 6] = [
    "__init__.py",
    "_control.py",
    "_mock.py",
    "_program.py",
    "py.typed",
    "pytest_plugin.py",
];

const ENTRY_POINTS: &str = "\
[console_scripts]
mock-ups = mock_ups._program:main

[pytest11]
mock_ups = mock_ups.pytest_plugin
";

pub(super) fn make(release: &Release) -> Result<Vec<(String, Vec<u8>)>> {
    let tag = tag(release);
    let info = format!("mock_ups-{}.dist-info", release.version);
    let mut files = Vec::new();
    for module in MODULES {
        let text = release.text(&format!("python/mock_ups/{module}"))?;
        files.push((format!("mock_ups/{module}"), 0o644, text.into_bytes()));
    }
    let program = fs::read(release.laid_out("bin/mock-ups"))?;
    files.push(("mock_ups/bin/mock-ups".to_owned(), 0o755, program));
    for license in ["LICENSE-APACHE", "LICENSE-MIT"] {
        let text = fs::read(release.laid_out(&format!("share/licenses/{license}")))?;
        files.push((format!("{info}/{license}"), 0o644, text));
    }
    let about = release.text("python/METADATA")? + &release.text("python/README.md")?;
    let wheel = format!(
        "Wheel-Version: 1.0\nGenerator: cargo xtask package\nRoot-Is-Purelib: false\nTag: {tag}\n"
    );
    for (name, text) in [
        ("METADATA", about),
        ("WHEEL", wheel),
        ("entry_points.txt", ENTRY_POINTS.to_owned()),
    ] {
        files.push((format!("{info}/{name}"), 0o644, text.into_bytes()));
    }
    let record = record(&info, &files);
    files.push((format!("{info}/RECORD"), 0o644, record.into_bytes()));
    let files = files
        .iter()
        .map(|(path, mode, content)| (path.as_str(), *mode, content.as_slice()));
    let name = format!("mock_ups-{}-{tag}.whl", release.version);
    Ok(vec![(name, pack::zip(files, release.compression)?)])
}

/// For any Python 3, and Linux with a C library as old as the program allows (PEP 600).
fn tag(release: &Release) -> String {
    let (major, minor) = release.needs.glibc;
    let machine = release.needs.machine.name;
    format!("py3-none-manylinux_{major}_{minor}_{machine}")
}

/// Path, hash and size of each file; of itself the record has the path only.
fn record(info: &str, files: &[(String, u32, Vec<u8>)]) -> String {
    let line = |(path, _, content): &(String, u32, Vec<u8>)| {
        let hash = URL_SAFE_NO_PAD.encode(Sha256::digest(content));
        format!("{path},sha256={hash},{}\n", content.len())
    };
    let lines: String = files.iter().map(line).collect();
    format!("{lines}{info}/RECORD,,\n")
}
