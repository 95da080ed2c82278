//! From the first line of output to the last request: `waybill serve`.

use crate::{
    composition::{Gateway, Overrides},
    signals::Signals,
};
use anyhow::Context as _;
use gateway_cli::terminal::Output;
use gateway_config::Config;
use std::io::IsTerminal as _;

/// Threads of the control plane; the data plane has its own.
const CONTROL_THREADS: usize = 2;
/// How much they give way to it: under full load they still get a quarter of a processor.
const NICE: i32 = 5;

/// Runs the gateway until it is told to stop: the first SIGTERM, SIGINT or SIGQUIT drains, the
/// second ends at once.
///
/// # Errors
/// When it cannot start.
pub fn serve(config: &Config, overrides: Overrides, output: &mut Output) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(CONTROL_THREADS)
        .thread_name("waybill-control")
        .on_thread_start(give_way)
        .enable_all()
        .build()
        .context("cannot start the control plane")?;
    let result = runtime.block_on(run(config, overrides, output));
    // Without waiting: a plugin call that hangs must not keep the process alive.
    runtime.shutdown_background();
    result
}

/// Lets requests go before whatever this thread does.
fn give_way() {
    // On Linux a priority is a thread's. Without it everything works, only not as evenly.
    if let Err(error) = rustix::process::setpriority_process(None, NICE) {
        tracing::debug!(%error, "the control plane runs at the data plane's priority");
    }
}

async fn run(config: &Config, overrides: Overrides, output: &mut Output) -> anyhow::Result<()> {
    // Before the start: a signal that comes meanwhile must drain the gateway, not kill it.
    let mut signals = Signals::install().context("cannot listen for signals")?;
    let mut gateway = Gateway::start(config, overrides).await?;
    // Once the ports are open: a script may wait for these lines.
    for line in gateway.listening() {
        output
            .line(&line)
            .context("cannot write to standard output")?;
    }
    if let Some(token) = gateway.take_first_admin_token() {
        let file = config.admin.token_file.display();
        tracing::info!("the first admin token is in {file}");
        // Standard output that is not a terminal may be a log, which must hold no secret.
        if std::io::stdout().is_terminal() {
            let token = token.expose();
            output
                .line(format_args!(
                    "admin token, shown once: {token} (also in {file})"
                ))
                .context("cannot write to standard output")?;
        }
    }
    signals.stop().await;
    tracing::info!(within = ?config.limits.drain, "draining: requests under way are finished; signal again to end at once");
    tokio::select! {
        ended = gateway.shutdown() => tracing::info!(requests = ?ended.requests, tokens = ?ended.tokens, "drained"),
        // A second signal is a person who does not want to wait.
        () = signals.stop() => tracing::warn!("ended at once by a second signal"),
    }
    Ok(())
}
