//! Which processor does what: the proxy has its own, the mock and the generator share the others.

use std::{
    ffi::OsStr,
    fmt, fs,
    process::{Command, Stdio},
    thread,
};

/// Processors by role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    /// One per worker of the proxy.
    pub(crate) proxy: Vec<usize>,
    /// The mock's.
    pub(crate) backend: Vec<usize>,
    /// Of the mock that signs a storm's tokens. Where it is the mock's it gives way to that one, so that
    /// ordinary answers do not wait for signatures.
    pub(crate) fleet: Vec<usize>,
    /// Whether the proxy has a processor more than it has workers.
    control: bool,
    /// The generator's.
    pub(crate) generator: Vec<usize>,
}

impl Plan {
    /// The best split of this machine's processors for a proxy with `workers` workers.
    pub(crate) fn new(workers: usize) -> Self {
        Self::of(processors(), workers)
    }

    /// The split for a storm, which has a second mock and a processor for the gateway's control plane, as
    /// there would be on a real machine.
    pub(crate) fn storm(workers: usize) -> Self {
        Self::storm_of(processors(), workers)
    }

    fn of(all: usize, workers: usize) -> Self {
        let proxy = workers.min(all);
        let backend = match all - proxy {
            // Too few processors: everything shares the last one, and the figures are worth less.
            0 => vec![all - 1],
            1 => vec![proxy],
            _ => (proxy..all - 1).collect(),
        };
        Self {
            proxy: (0..proxy).collect(),
            fleet: backend.clone(),
            backend,
            generator: vec![all - 1],
            control: false,
        }
    }

    fn storm_of(all: usize, workers: usize) -> Self {
        let rest = all.saturating_sub(workers);
        // Control plane, generator and ordinary answers take one each; what signs takes what is left,
        // or what ordinary answers leave of theirs.
        if rest < 3 {
            return Self::of(all, workers);
        }
        let proxy = workers + 1;
        let backend = all - 2;
        let fleet = match proxy..backend {
            none if none.is_empty() => vec![backend],
            some => some.collect(),
        };
        Self {
            proxy: (0..proxy).collect(),
            fleet,
            backend: vec![backend],
            generator: vec![all - 1],
            control: true,
        }
    }

    /// Whether the generator may burn its processor while it waits, because no other process needs it.
    pub(crate) fn generator_is_alone(&self) -> bool {
        let others = self.proxy.iter().chain(&self.backend);
        let mut others = others.chain(&self.fleet);
        !others.any(|processor| self.generator.contains(processor))
    }

    /// Whether what is measured shares no processor with what measures.
    pub(crate) fn is_clean(&self) -> bool {
        let others = self.fleet.iter().chain(&self.backend);
        let mut others = others.chain(&self.generator);
        !others.any(|processor| self.proxy.contains(processor))
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "processors: gateway {:?}, mock {:?}, mock of the storm's accounts {:?}, generator {:?}",
            self.proxy, self.backend, self.fleet, self.generator
        )?;
        if !self.control || !self.is_clean() {
            f.write_str("; too few: control plane and workers share them, so latencies say little")
        } else if self.fleet == self.backend {
            f.write_str("; the mocks share theirs, and the one that signs gives way")
        } else {
            Ok(())
        }
    }
}

fn processors() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// The machine in one line.
pub(crate) fn description() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = model.map_or("processor not known", |(_, model)| model);
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let system = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let system = system
        .lines()
        .find_map(|line| line.strip_prefix("PRETTY_NAME="))
        .map_or("", |name| name.trim_matches('"'));
    format!(
        "{} x {model}, Linux {}, {system}",
        processors(),
        kernel.trim()
    )
}

/// The first line that a program writes.
pub(crate) fn first_line(program: impl AsRef<OsStr>, argument: &str) -> Option<String> {
    let output = Command::new(program)
        .arg(argument)
        .stdin(Stdio::null())
        .output()
        .ok()?;
    // nginx writes its version to standard error.
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    let line = text.lines().find(|line| !line.trim().is_empty())?;
    Some(line.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_plane_has_a_processor_of_its_own_where_there_are_enough() {
        for (all, workers) in [(4, 1), (5, 1), (5, 2), (8, 2), (16, 2)] {
            let plan = Plan::storm_of(all, workers);
            let roles = [&plan.proxy, &plan.backend, &plan.fleet, &plan.generator];
            let mut used: Vec<usize> = roles.into_iter().flatten().copied().collect();
            used.sort_unstable();
            used.dedup();
            assert_eq!(used, (0..all).collect::<Vec<_>>(), "{plan:?}");
            assert_eq!(plan.proxy.len(), workers + 1);
            assert!(plan.is_clean() && !plan.to_string().contains("too few"));
            let shared = plan.to_string().contains("gives way");
            assert_eq!(shared, all == workers + 3, "{plan}");
        }
    }

    #[test]
    fn plan_that_has_to_share_says_so() {
        for (all, workers) in [(1, 1), (2, 1), (2, 2), (3, 1), (4, 2)] {
            let plan = Plan::storm_of(all, workers);
            assert!(plan.to_string().contains("too few"), "{plan:?}");
        }
        assert!(!Plan::of(2, 2).is_clean());
        assert!(!Plan::of(2, 1).generator_is_alone());
        assert!(Plan::of(3, 1).generator_is_alone());
        assert!(Plan::of(2, 1).is_clean());
    }
}
