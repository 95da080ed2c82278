//! PostgreSQL for the tests that want a real one. They start a private server of their own; here it is
//! only made sure that there is a program to start.

use crate::{apt, say};
use std::{env, fs};

/// Without it, or with another value than `1`, tests say that they were skipped when there is no
/// PostgreSQL; with it they fail.
const REQUIRED: &str = "WAYBILL_REQUIRE_POSTGRES";

/// Installs the distribution's package if PostgreSQL is missing and this process may do so. The
/// variable that makes its tests a must, if they can run.
pub(crate) fn ensure() -> Option<(&'static str, &'static str)> {
    if !found() && apt::is_allowed() {
        let installed = apt::install(&["postgresql"], "for the tests");
        if let Err(error) = installed {
            say::error(&error);
        }
    }
    if found() {
        return Some((REQUIRED, "1"));
    }
    say::step(
        "skipped: the tests on PostgreSQL, because it is not installed (package `postgresql`) and \
         this user cannot install it",
    );
    None
}

/// Debian keeps PostgreSQL's programs off the path.
fn found() -> bool {
    let in_path = env::var_os("PATH")
        .is_some_and(|path| env::split_paths(&path).any(|folder| folder.join("initdb").exists()));
    let packaged = || {
        let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
        versions
            .flatten()
            .any(|version| version.path().join("bin/initdb").exists())
    };
    in_path || packaged()
}
