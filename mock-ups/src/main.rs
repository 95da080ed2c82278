//! The `mock-ups` binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    mock_ups::program::run()
}
