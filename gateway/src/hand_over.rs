//! `waybill serve` in the place of a running gateway, and what the running gateway does then.

use crate::{
    composition::{Gateway, Overrides, ShutdownReport, Starting},
    service_manager,
    signals::Signals,
    take_over::{HandOverError, Hello, Predecessor, Successor, Successors, path_beside},
};
use anyhow::{Context as _, bail};
use gateway_config::{Config, Limits};
use gateway_proxy::{Drain, InheritedSockets};
use sd_notify::NotifyState;
use std::time::Duration;
use tokio::time::sleep;

/// How long a process may take to die: a start waits so long for the store of one that has just died.
const DYING: Duration = Duration::from_secs(5);
/// The pause between two attempts to open the store again.
const PAUSE: Duration = Duration::from_millis(500);

/// How `waybill serve` begins.
pub(crate) struct Beginning {
    /// What embedding programs may replace.
    pub(crate) overrides: Overrides,
    /// The sockets that the service manager opened.
    pub(crate) sockets: InheritedSockets,
    /// Go on in the place of the running gateway, if there is one.
    pub(crate) take_over: bool,
}

/// Starts the gateway, in the place of a running one if that is wanted.
pub(crate) async fn begin(
    config: &Config,
    beginning: Beginning,
    signals: &mut Signals,
) -> anyhow::Result<Gateway> {
    let Beginning {
        overrides,
        sockets,
        take_over,
    } = beginning;
    let mut predecessor = None;
    if take_over {
        let path = path_beside(&config.admin.token_file);
        predecessor = Predecessor::find(&path, hello(config)).await?;
        if predecessor.is_none() {
            tracing::info!("no gateway runs, so there is nothing to take over");
        }
    }
    // Before the running gateway lets go of anything: most failures of a start happen here.
    let mut starting = Starting::prepare(config, overrides);
    if predecessor.is_some() {
        starting = starting.and_then(Starting::with_all_plugins);
    }
    let starting = match starting {
        Ok(starting) => starting,
        Err(error) => return Err(failed(predecessor, error.into()).await),
    };
    let Some(mut predecessor) = predecessor else {
        return Ok(starting.start(sockets, Duration::ZERO).await?);
    };
    tracing::info!("the running gateway finishes its token requests");
    let sockets = tokio::select! {
        sockets = predecessor.release() => sockets?,
        // A person who does not want to wait.
        () = signals.stop() => bail!("stopped by a signal; the running gateway serves on"),
    };
    let gateway = match starting.start(sockets, DYING).await {
        Ok(gateway) => gateway,
        Err(error) => return Err(failed(Some(predecessor), error.into()).await),
    };
    if let Err(error) = predecessor.serving().await {
        // Connections that were accepted here are served; the others are the running gateway's.
        gateway.shutdown().await;
        return Err(error.into());
    }
    tracing::info!("this process has taken over");
    Ok(gateway)
}

async fn failed(predecessor: Option<Predecessor>, error: anyhow::Error) -> anyhow::Error {
    let Some(predecessor) = predecessor else {
        return error;
    };
    predecessor.failed(format!("{error:#}")).await;
    error.context("this process does not take over, and the running gateway serves on")
}

/// What this program hands over, or wants to take over.
fn hello(config: &Config) -> Hello {
    let store = gateway_store::place(&config.store.url);
    Hello::new(gateway_store::schema_version(), store)
}

/// Where new processes are heard.
pub(crate) fn successors(config: &Config) -> Option<Successors> {
    let path = path_beside(&config.admin.token_file);
    let listening = Successors::listen(&path, hello(config))
        .with_context(|| format!("cannot listen on {}", path.display()));
    // The gateway works without it: a restart then refuses connections for a moment.
    listening
        .inspect_err(|error| {
            tracing::warn!("no other process can take over from this one: {error:#}")
        })
        .ok()
}

/// Serves until another process has taken over, whatever fails on the way.
pub(crate) async fn until_taken_over(
    gateway: &mut Gateway,
    successors: &mut Option<Successors>,
) -> Successor {
    loop {
        let successor = tokio::select! {
            successor = next(successors) => successor,
            () = resume(gateway), if gateway.has_released() => continue,
        };
        let (pid, version) = (successor.pid, successor.version.clone());
        tracing::info!(pid, version, "another process takes over");
        match hand_over(gateway, successor).await {
            Ok(successor) => return successor,
            Err(error) => tracing::error!(pid, "{error}: this process goes on"),
        }
    }
}

async fn next(successors: &mut Option<Successors>) -> Successor {
    match successors {
        Some(successors) => successors.next().await,
        None => std::future::pending().await,
    }
}

/// Lets the other process have the store and the sockets, and waits until it serves.
async fn hand_over(
    gateway: &mut Gateway,
    mut successor: Successor,
) -> Result<Successor, HandOverError> {
    let result = async {
        // It may still find a mistake in its configuration or in a plugin, so nothing is done before.
        successor.ready().await?;
        gateway.release().await;
        let (apps, admin) = gateway.sockets();
        successor.hand_over(apps, admin).await?;
        successor.serves().await
    };
    match result.await {
        Ok(()) => Ok(successor),
        Err(error) => {
            successor.cancel(error.to_string()).await;
            Err(error)
        }
    }
}

/// Opens the store again, for as long as it takes.
async fn resume(gateway: &mut Gateway) {
    let mut last = String::new();
    while let Err(error) = gateway.resume().await {
        let error = error.to_string();
        if error != last {
            tracing::error!(
                error,
                "the store cannot be opened again: requests are served with the tokens in memory, and no \
                 token is renewed; end the process that failed to take over, or let another one take over"
            );
            last = error;
        }
        sleep(PAUSE).await;
    }
    tracing::warn!("this process has its store again, and renews tokens");
}

/// Ends behind the process that has taken over. Returns nothing if this process hangs.
pub(crate) async fn end_behind(
    gateway: Gateway,
    successor: Successor,
    limits: &Limits,
) -> Option<ShutdownReport> {
    tracing::info!(
        pid = successor.pid,
        "another process has taken over; connections that are open are served to their end"
    );
    // Before the confirmation, after which the new process may speak for itself.
    service_manager::notify(NotifyState::MainPid(successor.pid));
    successor.confirm().await;
    // As long as an idle connection may live anyway: nothing is gained by an earlier end, and an app that
    // sends a request at that moment would lose it.
    let drain = Drain {
        requests: limits.drain,
        idle: limits.keep_alive_idle,
    };
    let end = gateway.end_behind_successor(drain);
    // No service manager looks after this process any more, so it must not hang.
    let limit = drain.requests.max(drain.idle) + DYING;
    tokio::time::timeout(limit, end).await.ok()
}
