//! The `waybill` binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    // First of all: a worker process has no other thread, no log and no configuration.
    if gateway::is_plugin_worker(std::env::args_os()) {
        return gateway::plugin_worker();
    }
    gateway_cli::run(std::env::args_os(), &gateway::Commands)
}
