//! A server process under load: where it runs, what it uses.

use anyhow::{Context as _, Result};
use rustix::{
    process::{Pid, Resource, Rlimit, getrlimit, setrlimit},
    thread::{CpuSet, sched_setaffinity},
};
use std::{fs, time::Duration};

/// What a process has used so far.
#[derive(Clone, Copy, Debug)]
pub struct Usage {
    /// Processor time, user and system.
    pub cpu: Duration,
    /// Resident memory in KiB.
    pub rss_kib: u64,
}

/// Reads a process's usage, all threads together, with its children's left out.
///
/// # Errors
/// When the process is gone.
pub fn usage(pid: u32) -> Result<Usage> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).context("the process is gone")?;
    // The second field is the name in parentheses and may hold anything; count from its end.
    let (_, fields) = stat.rsplit_once(')').context("a stat line")?;
    let field = |n: usize| {
        fields
            .split_whitespace()
            .nth(n - 3)
            .and_then(|f| f.parse::<u64>().ok())
    };
    let ticks = field(14)
        .zip(field(15))
        .map(|(user, system)| user + system)
        .context("times")?;
    let per_second = rustix::param::clock_ticks_per_second();
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let rss = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .context("the process has no memory: it ended and was not waited for yet")?;
    let rss_kib = rss
        .split_whitespace()
        .next()
        .and_then(|kib| kib.parse().ok())
        .context("VmRSS")?;
    Ok(Usage {
        cpu: Duration::from_millis(ticks * 1000 / per_second),
        rss_kib,
    })
}

/// Usage of several processes of one server (nginx has a master and workers).
///
/// # Errors
/// When one of them is gone.
pub fn usage_of_all(pids: &[u32]) -> Result<Usage> {
    let mut sum = Usage {
        cpu: Duration::ZERO,
        rss_kib: 0,
    };
    for pid in pids {
        let one = usage(*pid)?;
        sum.cpu += one.cpu;
        sum.rss_kib += one.rss_kib;
    }
    Ok(sum)
}

/// Processor time that the machine's host has taken for others so far, of all processors together.
/// Zero where there is no host, or it does not say.
#[must_use]
pub fn stolen() -> Duration {
    let stat = fs::read_to_string("/proc/stat").unwrap_or_default();
    // The name, then user, nice, system, idle, iowait, irq, softirq, steal: proc(5).
    let all = stat.lines().next().unwrap_or_default();
    let ticks = all.split_whitespace().nth(8);
    let ticks: u64 = ticks.and_then(|ticks| ticks.parse().ok()).unwrap_or(0);
    Duration::from_millis(ticks * 1000 / rustix::param::clock_ticks_per_second())
}

/// Binds the calling thread, and what it starts from now on, to these processors.
///
/// # Errors
/// When the machine does not have them.
pub fn pin_current_thread(processors: &[usize]) -> Result<()> {
    pin(None, processors)
}

/// Raises the limit of open files; false if the system refuses.
#[must_use]
pub fn raise_open_files(wanted: u64) -> bool {
    let now = getrlimit(Resource::Nofile);
    let enough = |limit: Option<u64>| limit.is_none_or(|limit| limit >= wanted);
    enough(now.current)
        || (enough(now.maximum)
            && setrlimit(
                Resource::Nofile,
                Rlimit {
                    current: now.maximum,
                    ..now
                },
            )
            .is_ok())
}

fn pin(pid: Option<Pid>, processors: &[usize]) -> Result<()> {
    let mut set = CpuSet::new();
    processors.iter().for_each(|processor| set.set(*processor));
    sched_setaffinity(pid, &set)
        .with_context(|| format!("cannot bind to processors {processors:?}"))
}
