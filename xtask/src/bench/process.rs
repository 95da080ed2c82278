//! What a running process has used.

use anyhow::{Context as _, Result};
use std::{fs, path::Path, time::Duration};

/// User and system time of a process. Linux counts both in hundredths of a second, its scheduler in nanoseconds.
pub(super) fn processor_time(process: &Path) -> Result<Duration> {
    let mut nanoseconds = 0;
    for task in fs::read_dir(process.join("task"))? {
        let text = fs::read_to_string(task?.path().join("schedstat"))?;
        let first = text.split(' ').next().unwrap_or_default();
        nanoseconds += first.parse::<u64>().context("schedstat has no time")?;
    }
    Ok(Duration::from_nanos(nanoseconds))
}

/// The proportional set size in KB: shared pages count in parts.
pub(super) fn memory(process: &Path) -> Result<u64> {
    let text = fs::read_to_string(process.join("smaps_rollup"))?;
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:"));
    let figure = line.and_then(|line| line.trim().strip_suffix(" kB"));
    figure
        .context("smaps_rollup has no Pss")?
        .parse()
        .context("Pss is no number")
}
