//! The npm packages of mock-ups: the client, and the program in a package of its own for each kind of machine, of
//! which npm installs the one that fits.

use super::{pack, release::Release, tree::Tree};
use anyhow::Result;
use std::fs;

const CLIENT: [&str; 5] = [
    "README.md",
    "index.d.ts",
    "index.js",
    "package.json",
    "program.js",
];

pub(super) fn make(release: &Release) -> Result<Vec<(String, Vec<u8>)>> {
    let mut client = Tree::default();
    for file in CLIENT {
        let text = release.text(&format!("node/mock-ups/{file}"))?;
        client.file(&format!("package/{file}"), 0o644, text);
    }
    let mut program = Tree::default();
    let from = release.laid_out("bin/mock-ups");
    program.copy("package/bin/mock-ups", 0o755, &from)?;
    program.file(
        "package/package.json",
        0o644,
        release.text("node/program.json")?,
    );
    program.file("package/README.md", 0o644, release.text("node/program.md")?);
    for tree in [&mut client, &mut program] {
        for license in ["LICENSE-APACHE", "LICENSE-MIT"] {
            let text = fs::read(release.laid_out(&format!("share/licenses/{license}")))?;
            tree.file(&format!("package/{license}"), 0o644, text);
        }
    }
    let (cpu, version) = (release.needs.machine.node, release.version);
    let archive = |tree: &Tree| pack::tar_gz(tree, "", release.time, release.compression);
    Ok(vec![
        (format!("mock-ups-{version}.tgz"), archive(&client)?),
        (
            format!("mock-ups-linux-{cpu}-{version}.tgz"),
            archive(&program)?,
        ),
    ])
}
