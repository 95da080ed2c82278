//! What the strict policy refuses.

use serde::Serialize;
use std::fmt;

/// Something that a plugin has no need for. The strict policy refuses it, the default one reports it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "kind", content = "name", rename_all = "snake_case")]
pub enum Report {
    /// A symbol beside the entry point.
    Export(String),
    /// A library beside the system's.
    Library(String),
    /// A function for I/O, threads, processes, signals or the environment.
    Import(String),
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Export(name) => write!(f, "it exports `{name}` beside its entry point"),
            Self::Library(name) => write!(f, "it needs the library {name}"),
            Self::Import(name) => write!(
                f,
                "it uses `{name}`: plugins do no I/O and start no threads or processes"
            ),
        }
    }
}
