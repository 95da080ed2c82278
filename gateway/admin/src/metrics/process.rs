//! The metrics of the process, by the names that Prometheus' client libraries use for all programs.

use crate::labels::Writer;
use gateway_model::MetricUnit;
use std::{fmt, fs};

/// Reads `/proc/self`. What the system does not tell is left out.
pub(super) fn write(out: &mut Writer<'_>) -> fmt::Result {
    let read = |name| fs::read_to_string(format!("/proc/{name}")).unwrap_or_default();
    let stat = read("self/stat");
    let ticks = rustix::param::clock_ticks_per_second() as f64;
    let stat = Stat::of(&stat);
    if let Some(stat) = &stat {
        let seconds = stat.processor_ticks as f64 / ticks;
        out.seconds_total("process_cpu", "Processor time used", seconds)?;
        let resident = stat.resident_pages * rustix::param::page_size() as u64;
        let (name, help) = ("process_resident_memory", "Memory in use");
        out.of_unit(name, help, MetricUnit::Bytes, resident as f64)?;
    }
    if let Some((stat, booted)) = stat.zip(booted_at(&read("stat"))) {
        let at = booted + stat.started_ticks as f64 / ticks;
        let help = "When the process started, since 1970";
        out.of_unit("process_start_time", help, MetricUnit::Seconds, at)?;
    }
    if let Some(open) = open_files() {
        out.gauge("process_open_fds", "Open file descriptors", open)?;
    }
    if let Some(most) = open_files_limit(&read("self/limits")) {
        let help = "The number of file descriptors that may be open";
        out.gauge("process_max_fds", help, most)?;
    }
    Ok(())
}

/// What `/proc/self/stat` says (proc(5)).
#[derive(Debug, PartialEq)]
struct Stat {
    processor_ticks: u64,
    /// Since the machine booted.
    started_ticks: u64,
    resident_pages: u64,
}

impl Stat {
    fn of(stat: &str) -> Option<Self> {
        // The second field is the program's name, which may have parentheses and spaces.
        let (_, fields) = stat.rsplit_once(") ")?;
        let fields: Vec<&str> = fields.split_ascii_whitespace().collect();
        // By their numbers in the manual; the first one here is the third.
        let field = |number: usize| fields.get(number - 3)?.parse::<u64>().ok();
        Some(Self {
            processor_ticks: field(14)? + field(15)?,
            started_ticks: field(22)?,
            resident_pages: field(24)?,
        })
    }
}

/// Seconds since 1970.
fn booted_at(stat: &str) -> Option<f64> {
    let line = stat.lines().find_map(|line| line.strip_prefix("btime "))?;
    line.parse().ok()
}

fn open_files() -> Option<u64> {
    // Since Linux 6.2 the folder's size is their number, so that nobody has to count thousands of names.
    let size = fs::metadata("/proc/self/fd").ok()?.len();
    if size > 0 {
        return Some(size);
    }
    let count = fs::read_dir("/proc/self/fd").ok()?.count();
    // The folder itself is open meanwhile.
    u64::try_from(count.saturating_sub(1)).ok()
}

fn open_files_limit(limits: &str) -> Option<u64> {
    let mut lines = limits.lines();
    let limit = lines.find_map(|line| line.strip_prefix("Max open files"))?;
    // `unlimited` is no number, and is left out.
    limit.split_ascii_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_with_parentheses_moves_no_field() {
        let stat = "7 (a) b (c) S 4 5 6 7 8 9 10 11 12 13 120 30 16 17 18 19 20 21 5000 23 640 25";
        let known = Stat {
            processor_ticks: 150,
            started_ticks: 5_000,
            resident_pages: 640,
        };
        assert_eq!(Stat::of(stat), Some(known));
        assert_eq!(Stat::of("7 (cut"), None);
    }

    #[test]
    fn limit_is_the_one_that_counts_now() {
        let limits = "Max processes 1 2 processes\nMax open files            1024                 4096   files\n";
        assert_eq!(open_files_limit(limits), Some(1024));
        assert_eq!(
            open_files_limit("Max open files unlimited unlimited files"),
            None
        );
    }
}
