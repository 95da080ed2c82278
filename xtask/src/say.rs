//! The one place that writes to the terminal.

use std::{
    fmt::Display,
    io::{self, Write as _},
};

/// A line of output.
pub(crate) fn line(text: impl Display) {
    // A closed pipe is the reader's choice, not our failure.
    let _ = writeln!(io::stdout().lock(), "{text}");
}

/// The head of a step, with what it is for.
pub(crate) fn step(text: impl Display) {
    let _ = writeln!(io::stderr().lock(), "\n==> {text}");
}

/// An error with its causes.
pub(crate) fn error(error: &anyhow::Error) {
    let _ = writeln!(io::stderr().lock(), "\nerror: {error:#}");
}
