//! A worker's thread: its runtime, its ticks, its drain.

use super::{
    accept,
    requests_reader::{self, Inquiry},
    settings_handle::{self, NewSettings},
};
use crate::ticks::TICK;
use crate::worker::{HandedOver, Worker, WorkerParts};
use std::{io, net::TcpListener, rc::Rc, sync::mpsc::Sender as Ready, time::Duration};
use tokio::{
    runtime::{Builder, LocalOptions},
    sync::{mpsc, watch},
};

/// What a worker's thread starts with; crosses into it.
pub(super) struct WorkerStart {
    pub(super) parts: WorkerParts,
    /// With the number of the listener of each.
    pub(super) sockets: Vec<(usize, TcpListener)>,
    pub(super) mailbox: mpsc::Receiver<HandedOver>,
    pub(super) inquiries: mpsc::Receiver<Inquiry>,
    pub(super) settings: mpsc::Receiver<NewSettings>,
    pub(super) control: watch::Receiver<Command>,
}

/// What the workers are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Command {
    Serve,
    Drain(Drain),
}

/// How long a drain may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drain {
    /// How long requests in flight may take to finish.
    pub requests: Duration,
    /// How long an idle HTTP/1 connection is kept for one more request, which is answered with
    /// `Connection: close`. An app may be sending it at this moment, and would find its connection reset.
    pub idle: Duration,
}

impl Drain {
    /// Closes idle connections at once.
    pub const fn within(requests: Duration) -> Self {
        Self {
            requests,
            idle: Duration::ZERO,
        }
    }
}

/// How a drain ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DrainReport {
    /// Connections that ended by themselves within the grace period.
    pub finished: u64,
    /// Connections that were cut at its end.
    pub cut: u64,
}

/// Runs a worker until it is drained. Sends through `ready` whether it could start.
pub(super) fn run(start: WorkerStart, ready: &Ready<io::Result<()>>) -> DrainReport {
    // One thread: nothing of a worker has to be shared or locked.
    let runtime = Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .build_local(LocalOptions::default());
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            // The receiver is gone if the start failed elsewhere.
            let _ = ready.send(Err(error));
            return DrainReport::default();
        }
    };
    runtime.block_on(async move {
        let worker = Worker::new(start.parts);
        let listeners = accept::adopt(&worker, start.sockets);
        let started = listeners.is_ok();
        // Report only after the sockets are registered: from then on no connection is lost. The
        // receiver is gone if the start failed elsewhere.
        let _ = ready.send(listeners.map(|_| ()));
        if !started {
            return DrainReport::default();
        }
        let mailbox =
            tokio::task::spawn_local(accept::take_handed_over(Rc::clone(&worker), start.mailbox));
        tokio::task::spawn_local(requests_reader::answer(Rc::clone(&worker), start.inquiries));
        tokio::task::spawn_local(settings_handle::take(Rc::clone(&worker), start.settings));
        let report = drive(&worker, start.control).await;
        // Nothing can be handed over any more: every worker drains.
        mailbox.abort();
        report
    })
}

/// Ticks until told to drain, then until the last connection ended or the grace period did.
async fn drive(worker: &Rc<Worker>, mut control: watch::Receiver<Command>) -> DrainReport {
    let mut ticker = tokio::time::interval(TICK);
    // After a pause one tick is enough; a burst of them would time out what is fine.
    ticker.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    let drain = loop {
        tokio::select! {
            _ = ticker.tick() => worker.tick(),
            changed = control.changed() => {
                let command = *control.borrow_and_update();
                match command {
                    Command::Drain(drain) => break drain,
                    // Dropping `Running` leaves the workers serving: nobody can tell them to stop.
                    Command::Serve if changed.is_err() => {
                        loop { ticker.tick().await; worker.tick(); }
                    }
                    Command::Serve => {}
                }
            }
        }
    };
    let (connections, loads) = (&worker.connections, &worker.loads);
    // Drain before counting: the accept loops stop, so no connection joins after the count.
    connections.drain();
    let open = connections.open();
    let idle_until = worker.ticks.after(drain.idle);
    let until = worker.ticks.after(drain.requests.max(drain.idle));
    // As long as any worker accepts, it may hand a connection over to this one.
    while (loads.of(worker.number) > 0 || loads.accepting()) && worker.ticks.now() < until {
        if worker.ticks.now() >= idle_until {
            connections.close_idle();
        }
        tokio::select! {
            _ = ticker.tick() => worker.tick(),
            () = connections.closed() => {}
        }
    }
    let cut = connections.open();
    connections.cut_all();
    DrainReport {
        finished: open.saturating_sub(cut) as u64,
        cut: cut as u64,
    }
}
