//! Starts the program again, to take over from this process: under a service manager the new process must
//! descend from the one that it knows.

use std::{
    env,
    ffi::OsString,
    io,
    path::{Path, PathBuf},
    process::Command,
};

const TAKE_OVER: &str = "--take-over";

/// The command line of this process.
#[derive(Debug)]
pub(crate) struct CommandLine {
    program: io::Result<PathBuf>,
    arguments: Vec<OsString>,
}

impl CommandLine {
    /// Remembers how this process was started. To be called at the start: a program that was replaced since
    /// then is no longer found by the running one.
    pub(crate) fn remember() -> Self {
        let mut arguments = env::args_os();
        let named = arguments.next().map(PathBuf::from);
        // As it was named, if by a path: a link may point to a newer version by then.
        let named =
            named.filter(|name| name.parent().is_some_and(|folder| folder != Path::new("")));
        Self {
            program: named.map_or_else(env::current_exe, std::path::absolute),
            arguments: arguments.collect(),
        }
    }

    /// Starts the program, and logs how it ends, if it does.
    pub(crate) fn start_successor(&self) {
        let program = match &self.program {
            Ok(program) => program,
            Err(error) => return tracing::error!(%error, "the program's file is not known"),
        };
        let mut command = Command::new(program);
        command.args(&self.arguments);
        if !self.arguments.iter().any(|argument| argument == TAKE_OVER) {
            command.arg(TAKE_OVER);
        }
        match command.spawn() {
            Ok(mut successor) => {
                tracing::info!(pid = successor.id(), program = %program.display(), "a new process is started to take over");
                // Waited for, or it would stay in the process table if it fails.
                tokio::task::spawn_blocking(move || match successor.wait() {
                    Ok(status) => {
                        tracing::error!(%status, "the process that should take over has ended")
                    }
                    Err(error) => {
                        tracing::error!(%error, "the process that should take over is lost")
                    }
                });
            }
            Err(error) => {
                tracing::error!(%error, program = %program.display(), "no new process can be started");
            }
        }
    }
}
