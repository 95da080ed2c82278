//! Which process a plugin's code runs in.

use std::{collections::HashMap, time::Duration};

/// Which process a plugin's code runs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Isolation {
    /// The gateway's own: calls cost least, and a crash of the plugin is the gateway's.
    InProcess,
    /// A worker process for this plugin alone.
    Process,
}

impl Isolation {
    /// Stable name, as in the configuration.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InProcess => "in_process",
            Self::Process => "process",
        }
    }
}

/// Which plugins run in a worker process, and what those may use.
#[derive(Clone, Debug)]
pub struct IsolationPolicy {
    /// For every plugin that `each` does not name. `None`: trusted ones run in the gateway's process.
    pub default: Option<Isolation>,
    /// For plugins by name.
    pub each: HashMap<String, Isolation>,
    /// Bytes of address space that a plugin may use in its worker process.
    pub memory: u64,
    /// How long a request waits for a signature from a worker process.
    pub sign_deadline: Duration,
}

impl IsolationPolicy {
    /// Where the plugin runs. It is trusted if the operator chose its content.
    pub fn choose(&self, name: &str, trusted: bool) -> Isolation {
        let said = self.each.get(name).copied().or(self.default);
        said.unwrap_or(if trusted {
            Isolation::InProcess
        } else {
            Isolation::Process
        })
    }
}

impl Default for IsolationPolicy {
    /// Everything in the gateway's process: worker processes need a program that knows how to be one.
    fn default() -> Self {
        Self {
            default: Some(Isolation::InProcess),
            each: HashMap::new(),
            memory: 256 << 20,
            sign_deadline: Duration::from_millis(100),
        }
    }
}
