//! HTTP/2 from apps: one task for each stream, which ends if the app does not read the response.
//!
//! An app may keep the window of a stream shut while its connection is fine, so the sweep, which sees
//! connections, does not notice. Only the task that waits for the window can.

use crate::{
    ticks::Alarm,
    worker::{BodyPoll, Connection},
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

/// Runs a stream, and drops it if the app reads nothing of its response for too long. The drop resets
/// this stream only.
async fn until_stalled<F: Future<Output = ()>>(connection: Rc<Connection>, stream: F) {
    let worker = &connection.worker;
    let patience = worker.settings().limits.write_idle;
    let mut alarm = Alarm::new(&worker.ticks);
    let mut given = false;
    let mut stream = pin!(stream);
    poll_fn(|cx| {
        // Cleared first: the body sets it during this poll, which tells whether the body was asked at all.
        connection.polled.set(None);
        if stream.as_mut().poll(cx).is_ready() {
            return Poll::Ready(());
        }
        if let Some(polled) = connection.polled.get() {
            given = polled == BodyPoll::Ready;
            alarm.disarm();
        }
        // The app is waited for only while it has something to read.
        if !given {
            return Poll::Pending;
        }
        let stalled = alarm.poll(cx, patience);
        if stalled.is_ready() {
            worker.metrics.connections_timed_out.add(1);
            tracing::debug!(peer = %connection.peer.get(), "the app did not read a response in time; its stream was reset");
        }
        stalled
    })
    .await;
}
