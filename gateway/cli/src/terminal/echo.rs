//! The terminal without echo, from before a question is printed until its answer was read.

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use std::{fs::File, io};

/// The terminal does not show what is typed while this value lives.
pub(super) struct EchoOff {
    terminal: File,
    before: Termios,
}

impl EchoOff {
    /// # Errors
    /// When the process has no terminal.
    pub(super) fn begin() -> io::Result<Self> {
        let terminal = File::options().read(true).write(true).open("/dev/tty")?;
        let before = tcgetattr(&terminal)?;
        let mut quiet = before.clone();
        quiet.local_modes.remove(LocalModes::ECHO);
        tcsetattr(&terminal, OptionalActions::Now, &quiet)?;
        Ok(Self { terminal, before })
    }
}

impl Drop for EchoOff {
    fn drop(&mut self) {
        // If this fails, the shell sets its terminal right when the command has ended.
        let _ = tcsetattr(&self.terminal, OptionalActions::Now, &self.before);
    }
}
