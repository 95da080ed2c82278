//! From the first line of output to the last request: `waybill serve`.

use crate::{
    composition::Gateway,
    hand_over::{self, Beginning},
    service_manager,
    signals::{Asked, Signals},
    successor_process::CommandLine,
    take_over::Successor,
};
use anyhow::Context as _;
use gateway_cli::terminal::Output;
use gateway_config::Config;
use sd_notify::NotifyState;
use std::{io::IsTerminal as _, pin::pin};
use tokio::sync::Notify;

/// Threads of the control plane; the data plane has its own.
const CONTROL_THREADS: usize = 2;
/// How much they give way to it: under full load they still get a quarter of a processor.
const NICE: i32 = 5;
/// The stack of each. The futures of a development build are larger than the usual 2 MB; what is not used costs nothing.
const STACK: usize = 8 * 1024 * 1024;

/// Runs the gateway until it is told to stop, or until another process has taken over: the first SIGTERM,
/// SIGINT or SIGQUIT drains, the second ends at once.
///
/// # Errors
/// When it cannot start.
pub(crate) fn serve(
    config: &Config,
    beginning: Beginning,
    output: &mut Output,
) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(CONTROL_THREADS)
        .thread_name("waybill-control")
        .thread_stack_size(STACK)
        .on_thread_start(give_way)
        .enable_all()
        .build()
        .context("cannot start the control plane")?;
    let result = runtime.block_on(run(config, beginning, output));
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

async fn run(config: &Config, beginning: Beginning, output: &mut Output) -> anyhow::Result<()> {
    let command_line = CommandLine::remember();
    // Before the start: a signal that comes meanwhile must drain the gateway, not kill it.
    let mut signals = Signals::install().context("cannot listen for signals")?;
    let mut gateway = hand_over::begin(config, beginning, &mut signals).await?;
    let mut successors = hand_over::successors(config);
    // Once the ports are open: a script may wait for these lines.
    for line in gateway.listening() {
        output
            .line(&line)
            .context("cannot write to standard output")?;
    }
    show_first_admin_token(config, &mut gateway, output)?;
    service_manager::notify(NotifyState::Ready);
    gateway_plugin_host::unmap_own_pages();
    let reload = gateway.reload_request();
    let taken_over = hand_over::until_taken_over(&mut gateway, &mut successors);
    let end = until_end(&mut signals, (&command_line, &reload), taken_over).await;
    let drained = async {
        if let Some(successor) = end {
            let limits = gateway.config().limits.clone();
            return hand_over::end_behind(gateway, successor, &limits).await;
        }
        service_manager::notify(NotifyState::Stopping);
        tracing::info!(within = ?gateway.config().limits.drain, "draining: requests under way are finished; signal again to end at once");
        Some(gateway.shutdown().await)
    };
    tokio::select! {
        ended = drained => match ended {
            Some(ended) => tracing::info!(requests = ?ended.requests, tokens = ?ended.tokens, "drained"),
            None => tracing::error!("ended at the time limit, because a thread hangs"),
        },
        // A second signal is a person who does not want to wait.
        () = signals.stop() => tracing::warn!("ended at once by a second signal"),
    }
    Ok(())
}

/// Serves until a signal stops the gateway, or until another process has taken over, which is returned.
async fn until_end(
    signals: &mut Signals,
    (command_line, reload): (&CommandLine, &Notify),
    taken_over: impl Future<Output = Successor>,
) -> Option<Successor> {
    let mut taken_over = pin!(taken_over);
    loop {
        tokio::select! {
            successor = &mut taken_over => return Some(successor),
            asked = signals.next() => match asked {
                Asked::Stop => return None,
                Asked::StartSuccessor => command_line.start_successor(),
                // Several that come during one reload are one.
                Asked::Reload => reload.notify_one(),
            },
        }
    }
}

fn show_first_admin_token(
    config: &Config,
    gateway: &mut Gateway,
    output: &mut Output,
) -> anyhow::Result<()> {
    let Some(token) = gateway.take_first_admin_token() else {
        return Ok(());
    };
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
    Ok(())
}
