//! One archive with everything, for any Linux whose glibc is new enough.

use super::{pack, release::Release, tree::Tree};
use anyhow::Result;

const PROGRAMS: [&str; 3] = ["waybill", "mock-ups", "mock-carrier"];

pub(super) fn make(release: &Release) -> Result<Vec<(String, Vec<u8>)>> {
    let mut tree = Tree::default();
    let (major, minor) = release.needs.glibc;
    let top = format!("waybill-{}", release.version);
    for program in PROGRAMS {
        let path = format!("bin/{program}");
        tree.copy(&format!("{top}/{path}"), 0o755, &release.laid_out(&path))?;
    }
    for folder in ["plugins", "share"] {
        tree.copy_all(&format!("{top}/{folder}"), &release.laid_out(folder))?;
    }
    tree.file(
        &format!("{top}/INSTALL"),
        0o644,
        release.text("archive/INSTALL")?,
    );
    let machine = release.needs.machine.name;
    let name = format!("{top}-{machine}-linux-glibc{major}.{minor}.tar.gz");
    let content = pack::tar_gz(&tree, "", release.time, release.compression)?;
    Ok(vec![(name, content)])
}
