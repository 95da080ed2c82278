//! The `mock-carrier` binary.

use clap::Parser as _;
use std::process::ExitCode;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    mock_carrier::run(mock_carrier::Options::parse()).await
}
