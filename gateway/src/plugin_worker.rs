//! The command that is no person's: the gateway starts its own program with it, once for each plugin that
//! runs in a process of its own.

use gateway_plugin_host::{WorkerProgram, run_worker};
use std::{
    ffi::OsString,
    io::{Write as _, stderr},
    process::ExitCode,
};

/// Whether these are the arguments of a plugin's worker process.
pub fn is_plugin_worker(arguments: impl Iterator<Item = OsString>) -> bool {
    arguments.skip(1).eq(WorkerProgram::default().arguments)
}

/// Serves the gateway that started this process. Nothing else may have run in it before.
pub fn plugin_worker() -> ExitCode {
    let Err(error) = run_worker();
    // If standard error is gone as well, there is nobody to tell.
    let _ = writeln!(stderr(), "error: {error}");
    ExitCode::from(2)
}
