//! HTTP/2 downstream: one task for each stream, and its end if the app does not take the answer.
//!
//! An app may keep the window of a stream shut while its connection is fine, so the sweep, which sees
//! connections, does not notice. Only the task that waits for the window can.

use crate::{
    ticks::Alarm,
    worker::{Connection, Polled},
};
use hyper::rt::Executor;
use std::{
    future::{Future, poll_fn},
    pin::pin,
    rc::Rc,
    task::Poll,
};

/// Spawns the streams of one connection on the worker's own thread.
#[derive(Clone)]
pub(super) struct Streams(pub(super) Rc<Connection>);

impl<F: Future<Output = ()> + 'static> Executor<F> for Streams {
    fn execute(&self, stream: F) {
        tokio::task::spawn_local(until_stalled(Rc::clone(&self.0), stream));
    }
}

/// Runs a stream; gives it up if the app takes nothing of its answer for too long. Dropping it resets
/// the stream, and only that.
async fn until_stalled<F: Future<Output = ()>>(connection: Rc<Connection>, stream: F) {
    let worker = &connection.worker;
    let patience = worker.settings.limits.write_idle;
    let mut alarm = Alarm::new(&worker.ticks);
    let mut given = false;
    let mut stream = pin!(stream);
    poll_fn(|cx| {
        connection.polled.set(None);
        if stream.as_mut().poll(cx).is_ready() {
            return Poll::Ready(());
        }
        if let Some(polled) = connection.polled.get() {
            given = polled == Polled::Gave;
            alarm.disarm();
        }
        if !given {
            return Poll::Pending;
        }
        let stalled = alarm.poll(cx, patience);
        if stalled.is_ready() {
            worker.metrics.connections_timed_out.add(1);
            tracing::debug!(peer = %connection.peer, "an answer was not taken in time");
        }
        stalled
    })
    .await;
}
