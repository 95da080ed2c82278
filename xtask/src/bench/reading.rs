//! Whether a start reads a large configuration in linear time, by instructions.

use super::gate::total;
use crate::say;
use anyhow::{Result, bail};
use std::path::Path;

/// Configured accounts of the three runs; each is twice the one before.
const ACCOUNTS: [u64; 3] = [2_000, 4_000, 8_000];
/// How much more one of the later accounts may cost than one of the earlier, in per cent.
const TOLERANCE: u64 = 10;

/// Counts the instructions of three sizes.
pub(super) fn run(program: &Path, folder: &Path) -> Result<()> {
    say::step("count the reading of large configurations");
    let mut counts = [0; ACCOUNTS.len()];
    for (count, accounts) in counts.iter_mut().zip(ACCOUNTS) {
        *count = total(program, "reading", accounts, folder)?;
    }
    let [small, middle, large] = counts;
    say::line(format!(
        "a configuration of 2,000, 4,000 and 8,000 accounts: {small}, {middle} and {large} instructions"
    ));
    judge(counts)
}

/// Compares what each of the second 2,000 accounts cost with each of the next 4,000.
fn judge([small, middle, large]: [u64; 3]) -> Result<()> {
    let [few, some, many] = ACCOUNTS;
    let early = middle.saturating_sub(small) / (some - few);
    let late = large.saturating_sub(middle) / (many - some);
    if late * 100 <= early * (100 + TOLERANCE) {
        return Ok(());
    }
    bail!(
        "an account of a large configuration costs {late} instructions, one of a small {early}: reading \
         it is not linear"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs_that_grow_faster_than_the_file_fail() {
        let linear = |n: u64| 5_000_000 + 40_000 * n;
        assert!(judge(ACCOUNTS.map(linear)).is_ok());
        let sorted = |n: u64| 40_000 * n + 300 * n * u64::from(n.ilog2());
        assert!(
            judge(ACCOUNTS.map(sorted)).is_ok(),
            "n log n of a small part"
        );
        let squared = |n: u64| 40_000 * n + 2 * n * n;
        assert!(judge(ACCOUNTS.map(squared)).is_err());
    }
}
