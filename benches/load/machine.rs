//! Which processor does what: the proxy has its own, the mock and the generator share the others.

use std::thread;

/// Processors by role.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// One per worker of the proxy.
    pub(crate) proxy: Vec<usize>,
    /// The mock's.
    pub(crate) backend: Vec<usize>,
    /// The generator's.
    pub(crate) generator: Vec<usize>,
}

impl Plan {
    /// The best split of this machine's processors for a proxy with so many workers.
    pub(crate) fn new(workers: usize) -> Self {
        let all = thread::available_parallelism().map_or(1, usize::from);
        let proxy = workers.min(all);
        let rest = all - proxy;
        match rest {
            // Too few processors: everything shares the last one, and the figures are worth less.
            0 => Self {
                proxy: (0..proxy).collect(),
                backend: vec![all - 1],
                generator: vec![all - 1],
            },
            1 => Self {
                proxy: (0..proxy).collect(),
                backend: vec![proxy],
                generator: vec![proxy],
            },
            _ => Self {
                proxy: (0..proxy).collect(),
                backend: (proxy..all - 1).collect(),
                generator: vec![all - 1],
            },
        }
    }
}
