//! Hosts of other versions.

use crate::{Suite, recorder::Recorder};

const NAME: &str = "works with its own major of the ABI only";
const OWN: u32 = 1;

pub(crate) const CHECKS: &[&str] = &[NAME];

pub(crate) fn check(suite: &Suite<'_>, report: &mut Recorder<'_>) {
    let manifest = suite.plugin.manifest();
    let mut findings = Vec::new();
    for (major, minor, wanted) in [
        (OWN, manifest.requires, true),
        (OWN, manifest.abi.minor, true),
        // Of another major nothing can be relied on, not even the layout of the table.
        (OWN + 1, 0, false),
    ] {
        report.at(NAME, &format!("a host of ABI {major}.{minor}"));
        match suite.plugin.accepts_host(major, minor) {
            Ok(None) => return report.skip(NAME, "the plugin is linked in"),
            Ok(Some(accepted)) if accepted == wanted => {}
            Ok(Some(true)) => {
                findings.push(format!(
                    "a host of ABI {major}.{minor}: accepted, must be refused"
                ));
            }
            Ok(Some(false)) => {
                findings.push(format!(
                    "a host of ABI {major}.{minor}: refused, must be accepted"
                ));
            }
            Err(failure) => findings.push(format!("a host of ABI {major}.{minor}: {failure}")),
        }
    }
    report.add(NAME, findings);
}
