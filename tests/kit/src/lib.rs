//! What the tests of every crate share: short or full runs, and the seeds of property tests.
//!
//! `cargo xtask test`, which CI runs, takes the short form of each slow test. `cargo xtask test --full` sets
//! `WAYBILL_TEST_FULL` and takes the full form. `docs/testing.md` lists both.

use proptest::test_runner::{Config, FileFailurePersistence};
use std::{env, str::FromStr};

/// How many times as many cases a property test runs in a full run.
const FULL_FACTOR: u32 = 20;

/// Whether this is a full run.
#[must_use]
pub fn is_full() -> bool {
    env::var_os("WAYBILL_TEST_FULL").is_some()
}

/// How often a slow test repeats what it does.
#[must_use]
pub fn rounds(short: usize, full: usize) -> usize {
    if is_full() { full } else { short }
}

/// The configuration of a property test with this many cases in a short run.
///
/// Seeds are fresh in each run. A failure prints its seed (the line that begins with `cc`) and writes it to a
/// file beside the test's source with the extension `proptest-regressions`, from which every later run takes
/// it first. Commit that file; on another machine, add the printed line to it. `PROPTEST_CASES` sets another
/// number of cases.
#[must_use]
pub fn properties(cases: u32) -> Config {
    let asked = env::var("PROPTEST_CASES").ok();
    let asked = asked.and_then(|text| u32::from_str(&text).ok());
    let usual = if is_full() {
        cases * FULL_FACTOR
    } else {
        cases
    };
    Config {
        cases: asked.unwrap_or(usual),
        // A property that rejects some inputs rejects as many more in a long run.
        max_global_rejects: 16 * asked.unwrap_or(usual).max(64),
        // Beside the source, not beside `lib.rs` as is proptest's default: an integration test of one file
        // has no `lib.rs` or `main.rs` above it, and its cases would get lost.
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource(
            "proptest-regressions",
        ))),
        ..Config::default()
    }
}
