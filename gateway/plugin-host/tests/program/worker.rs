//! A program that can be a worker process, for the tests of this package.

fn main() -> std::process::ExitCode {
    let Err(error) = gateway_plugin_host::run_worker();
    let _ = std::io::Write::write_fmt(&mut std::io::stderr(), format_args!("{error}\n"));
    std::process::ExitCode::FAILURE
}
