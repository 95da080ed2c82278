//! A worker's thread: its runtime, its ticks, its drain.

use super::{
    accept,
    requests_reader::{self, Inquiry},
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
    pub(super) sockets: Vec<TcpListener>,
    pub(super) mailbox: mpsc::Receiver<HandedOver>,
    pub(super) inquiries: mpsc::Receiver<Inquiry>,
    pub(super) control: watch::Receiver<Command>,
}

/// What the workers are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Command {
    Serve,
    Drain(Duration),
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
    let grace = loop {
        tokio::select! {
            _ = ticker.tick() => worker.tick(),
            changed = control.changed() => {
                let command = *control.borrow_and_update();
                match command {
                    Command::Drain(grace) => break grace,
                    // Dropping `Running` leaves the workers serving: nobody can tell them to stop.
                    Command::Serve if changed.is_err() => {
                        loop { ticker.tick().await; worker.tick(); }
                    }
                    Command::Serve => {}
                }
            }
        }
    };
    // Drain before counting: the accept loops stop, so no connection joins after the count.
    worker.connections.drain();
    let open = worker.connections.open();
    let until = worker.ticks.after(grace);
    while worker.connections.open() > 0 && worker.ticks.now() < until {
        tokio::select! {
            _ = ticker.tick() => worker.tick(),
            () = worker.connections.closed() => {}
        }
    }
    let cut = worker.connections.open();
    worker.connections.cut_all();
    DrainReport {
        finished: open.saturating_sub(cut) as u64,
        cut: cut as u64,
    }
}
