//! Phase 1: accepting connections.
//!
//! Every worker accepts on a socket of its own (`SO_REUSEPORT`), so accepting scales. The kernel deals
//! connections out by hash, which may put four busy connections on one worker and none on another; so
//! a worker that has clearly more than the least busy one hands the new connection over. That costs
//! one message per connection, none per request. Inherited sockets may be fewer than workers: then
//! workers share one.

use super::connection;
use crate::worker::{HandedOver, Worker};
use gateway_model::{AcceptFailure, AcceptOutage, AcceptReport, ended_before_accept};
use std::{io, rc::Rc, time::Duration};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::mpsc,
};

/// Pause after an error of this machine (no descriptors, no memory): accepting again at once would spin.
const PAUSE: Duration = Duration::from_millis(50);

/// Registers the sockets with the worker's runtime and starts accepting.
pub(super) fn adopt(
    worker: &Rc<Worker>,
    sockets: Vec<(usize, std::net::TcpListener)>,
) -> io::Result<()> {
    for (listener, socket) in sockets {
        // An inherited one may block.
        socket.set_nonblocking(true)?;
        let socket = TcpListener::from_std(socket)?;
        tokio::task::spawn_local(accept(Rc::clone(worker), listener, socket));
    }
    Ok(())
}

async fn accept(worker: Rc<Worker>, listener: usize, socket: TcpListener) {
    let _accepting = worker.loads.accept();
    let mut failure = AcceptFailure::default();
    loop {
        let accepted = tokio::select! {
            // Draining first: a busy listener must not keep accepting after it began.
            biased;
            () = worker.connections.draining() => return,
            accepted = socket.accept() => Some(accepted),
            () = tokio::time::sleep(AcceptOutage::QUIET), if failure.is_current() => None,
        };
        match accepted {
            Some(Ok((stream, _))) => {
                if failure.is_current() {
                    pass(&worker, &mut failure);
                }
                assign(&worker, listener, stream);
            }
            Some(Err(error)) if ended_before_accept(&error) => {}
            Some(Err(error)) => {
                fail(&worker, &mut failure, &error);
                tokio::time::sleep(PAUSE).await;
            }
            None => pass(&worker, &mut failure),
        }
    }
}

/// The machine gives no connection.
#[cold]
fn fail(worker: &Worker, failure: &mut AcceptFailure, error: &io::Error) {
    match worker.accept_outage.fail(failure, worker.elapsed()) {
        Some(AcceptReport::Lasts(failures)) => {
            tracing::warn!(%error, failures, "still no new connection can be accepted");
        }
        Some(AcceptReport::Began | AcceptReport::Ended(_)) => {
            tracing::warn!(
                %error,
                "no new connection can be accepted; those that are open are served, and Waybill keeps \
                 trying: if the limit of open files is the cause, raise it (LimitNOFILE, ulimit -n)"
            );
        }
        None => {}
    }
}

/// Nothing fails any more.
#[cold]
fn pass(worker: &Worker, failure: &mut AcceptFailure) {
    if let Some(AcceptReport::Ended(failures)) =
        worker.accept_outage.pass(failure, worker.elapsed())
    {
        tracing::warn!(failures, "new connections are accepted again");
    }
}

/// Refuses the connection, serves it here, or hands it to a worker with fewer connections.
fn assign(worker: &Rc<Worker>, listener: usize, stream: TcpStream) {
    worker.metrics.connections_accepted.add(1);
    let loads = &worker.loads;
    // Workers count without a lock, so the limit may be exceeded by a few connections.
    if loads.total() >= worker.settings().limits.connections {
        worker.metrics.connections_refused.add(1);
        return;
    }
    // A handover costs a message, so it goes only to a worker that has fewer.
    let least = loads.least();
    if loads.of(least) < loads.of(worker.number)
        && let Ok(permit) = worker.mailboxes[least].try_reserve()
    {
        // Count before sending: otherwise the next accept would choose the same worker again.
        if let Ok(stream) = stream.into_std() {
            loads.begin(least);
            worker.metrics.connections_handed_over.add(1);
            permit.send(HandedOver { listener, stream });
        }
        return;
    }
    loads.begin(worker.number);
    connection::start(worker, listener, stream);
}

/// Serves the connections that other workers hand over.
pub(super) async fn take_handed_over(worker: Rc<Worker>, mut mailbox: mpsc::Receiver<HandedOver>) {
    while let Some(HandedOver { listener, stream }) = mailbox.recv().await {
        match TcpStream::from_std(stream) {
            // Also while draining: the app has its connection, and may have sent its request.
            Ok(stream) => connection::start(&worker, listener, stream),
            Err(error) => {
                worker.loads.end(worker.number);
                tracing::debug!(%error, "a handed-over connection was lost");
            }
        }
    }
}
