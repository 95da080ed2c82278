//! Keeps secrets in the process's memory: no core dumps, no debugger.

use rustix::process::{Resource, Rlimit, setrlimit};
use std::io;

/// No core file of this process, and no debugger of the same user may attach: both would see
/// every secret in memory.
///
/// # Errors
/// When the system refuses; the gateway still works, so the caller may go on and say so.
pub fn forbid_core_dumps() -> io::Result<()> {
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    setrlimit(Resource::Core, none)?;
    // The limit alone does not hold for a core that the system pipes to a program (core(5)).
    #[cfg(target_os = "linux")]
    rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable)?;
    Ok(())
}
