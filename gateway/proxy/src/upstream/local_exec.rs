//! Lets hyper spawn its HTTP/2 tasks on the worker's own thread.

use hyper::rt::Executor;
use std::future::Future;

/// Spawns on the current thread's runtime.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LocalExec;

impl<F: Future<Output = ()> + 'static> Executor<F> for LocalExec {
    fn execute(&self, future: F) {
        tokio::task::spawn_local(future);
    }
}
