//! The `waybill` binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    gateway_cli::run(std::env::args_os(), &gateway::Commands)
}
