//! What of a process all code in it shares. A plugin must leave it alone: it belongs to the gateway.

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

/// How often the state is read again before a difference counts, and how long between.
// A thread that has just ended is still listed for a moment.
const READS: usize = 20;
const PAUSE: Duration = Duration::from_millis(10);

/// Signals by number, as far as programs use them.
const SIGNALS: [(u32, &str); 18] = [
    (1, "SIGHUP"),
    (2, "SIGINT"),
    (3, "SIGQUIT"),
    (4, "SIGILL"),
    (6, "SIGABRT"),
    (7, "SIGBUS"),
    (8, "SIGFPE"),
    (9, "SIGKILL"),
    (10, "SIGUSR1"),
    (11, "SIGSEGV"),
    (12, "SIGUSR2"),
    (13, "SIGPIPE"),
    (14, "SIGALRM"),
    (15, "SIGTERM"),
    (17, "SIGCHLD"),
    (24, "SIGXCPU"),
    (25, "SIGXFSZ"),
    (31, "SIGSYS"),
];

/// A signal's number with its name: `6 (SIGABRT)`.
pub fn signal_name(number: i32) -> String {
    let known = SIGNALS
        .iter()
        .find(|(known, _)| u32::try_from(number) == Ok(*known));
    known.map_or_else(
        || number.to_string(),
        |(number, name)| format!("{number} ({name})"),
    )
}

/// The state of this process at one time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessState {
    /// Bits of the signals that are ignored and that have a handler.
    ignored: u64,
    caught: u64,
    /// Bits of the signals that any of the host's threads has blocked.
    blocked: u64,
    mask_of_new_files: Option<String>,
    folder: Option<PathBuf>,
    environment: BTreeMap<OsString, OsString>,
    files: BTreeMap<OsString, PathBuf>,
    foreign_threads: BTreeSet<String>,
}

impl ProcessState {
    /// Reads it from `/proc`.
    pub fn now() -> Self {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let bits = |name| bits(&status, name);
        Self {
            ignored: bits("SigIgn:"),
            caught: bits("SigCgt:"),
            blocked: blocked(),
            mask_of_new_files: field(&status, "Umask:").map(str::to_owned),
            folder: env::current_dir().ok(),
            environment: env::vars_os().collect(),
            files: files(),
            foreign_threads: foreign_threads(),
        }
    }

    /// What differs from this state now, in words. It waits for a moment before it blames.
    pub fn changes(&self) -> Vec<String> {
        let mut found = Vec::new();
        for _ in 0..READS {
            found = self.compare(&Self::now());
            if found.is_empty() {
                break;
            }
            thread::sleep(PAUSE);
        }
        found
    }

    fn compare(&self, now: &Self) -> Vec<String> {
        let mut found = Vec::new();
        for (before, after, what) in [
            (self.ignored, now.ignored, "ignored"),
            (self.caught, now.caught, "handled"),
            (self.blocked, now.blocked, "blocked"),
        ] {
            // The C library keeps 32 and 33 for itself, and sets them when the first thread starts.
            let signals = (1..=64_i32).filter(|n| !(32..=33).contains(n));
            let changed = signals.filter(|n| (before ^ after) >> (n - 1) & 1 == 1);
            found.extend(changed.map(|n| {
                let verb = if after >> (n - 1) & 1 == 1 {
                    "is now"
                } else {
                    "is no longer"
                };
                format!("signal {} {verb} {what}", signal_name(n))
            }));
        }
        if self.mask_of_new_files != now.mask_of_new_files {
            found.push("the umask changed".to_owned());
        }
        if self.folder != now.folder {
            found.push("the working folder changed".to_owned());
        }
        let names = self.environment.keys().chain(now.environment.keys());
        let names: BTreeSet<&OsString> = names.collect();
        let changed = names
            .into_iter()
            .filter(|name| self.environment.get(*name) != now.environment.get(*name));
        // Names only: a value may be a secret.
        found.extend(changed.map(|name| {
            format!(
                "the environment variable {} changed",
                name.to_string_lossy()
            )
        }));
        for (number, target) in &now.files {
            if self.files.get(number) != Some(target) {
                let (number, target) = (number.to_string_lossy(), target.display());
                found.push(format!("file descriptor {number} ({target}) is open"));
            }
        }
        for number in self.files.keys().filter(|n| !now.files.contains_key(*n)) {
            let number = number.to_string_lossy();
            found.push(format!("file descriptor {number} of the gateway is closed"));
        }
        let new = now.foreign_threads.difference(&self.foreign_threads);
        found.extend(new.map(|name| format!("a thread that it started still runs: {name}")));
        found
    }
}

/// A line of a status file.
fn field<'t>(status: &'t str, name: &str) -> Option<&'t str> {
    let mut lines = status.lines();
    lines.find_map(|line| line.strip_prefix(name).map(str::trim))
}

fn bits(status: &str, name: &str) -> u64 {
    let bits = field(status, name).and_then(|bits| u64::from_str_radix(bits, 16).ok());
    bits.unwrap_or_default()
}

/// A thread begins with the mask of the thread that starts it, so nobody but the plugin changes one.
fn blocked() -> u64 {
    let tasks = fs::read_dir("/proc/self/task");
    let tasks = tasks.into_iter().flatten().flatten();
    let masks =
        tasks.map(|task| fs::read_to_string(task.path().join("status")).unwrap_or_default());
    masks.fold(0, |all, status| all | bits(&status, "SigBlk:"))
}

/// Open file descriptors and what they lead to, without the one that reads them.
fn files() -> BTreeMap<OsString, PathBuf> {
    let folder = Path::new("/proc/self/fd");
    let Ok(entries) = fs::read_dir(folder) else {
        return BTreeMap::new();
    };
    let of = |entry: fs::DirEntry| {
        let target = fs::read_link(entry.path()).ok()?;
        let own = target.starts_with("/proc") && target.ends_with("fd");
        (!own).then(|| (entry.file_name(), target))
    };
    entries.flatten().filter_map(of).collect()
}

/// Threads that are not the host's. A new thread has the name of the one that started it, so a second
/// thread of a name is foreign as well.
fn foreign_threads() -> BTreeSet<String> {
    let Ok(tasks) = fs::read_dir("/proc/self/task") else {
        return BTreeSet::new();
    };
    let main = fs::read_to_string(format!("/proc/self/task/{}/comm", std::process::id()));
    let main = main.unwrap_or_default();
    let (mut seen, mut foreign) = (BTreeSet::new(), BTreeSet::new());
    for task in tasks.flatten() {
        let Ok(name) = fs::read_to_string(task.path().join("comm")) else {
            continue;
        };
        let known = name == main || name.starts_with("plugin-");
        if !known || !seen.insert(name.clone()) {
            let id = task.file_name();
            foreign.insert(format!("{} ({})", name.trim_end(), id.to_string_lossy()));
        }
    }
    foreign
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn state_that_did_not_change_has_no_changes() {
        let state = ProcessState::now();
        assert_eq!(state.compare(&state.clone()), [""; 0]);
    }

    #[test]
    fn each_change_is_named() {
        let before = ProcessState::now();
        let mut after = before.clone();
        after.caught ^= 1 << 14;
        after.blocked ^= 1;
        after.folder = Some("/elsewhere".into());
        after.environment.insert("ACME".into(), "planted".into());
        after.files.insert("77".into(), "socket:[1]".into());
        after.foreign_threads.insert("plugin-1 (7)".into());
        let text = before.compare(&after).join("\n");
        for part in [
            "SIGTERM",
            "SIGHUP",
            "working folder",
            "ACME",
            "77",
            "plugin-1",
        ] {
            assert!(text.contains(part), "{text}");
        }
        assert!(!text.contains("planted"), "{text}");
    }
}
