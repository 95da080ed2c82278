//! How many connections each worker has, and the message that hands one over.

use std::{
    net::TcpStream,
    sync::atomic::{AtomicUsize, Ordering},
};

/// A connection on its way to the worker that will serve it.
#[derive(Debug)]
pub(crate) struct HandedOver {
    pub(crate) listener: usize,
    pub(crate) stream: TcpStream,
}

/// How many connections each worker has, those on their way to it included. Touched when a connection
/// begins and ends, never by a request.
#[derive(Debug)]
pub(crate) struct Loads(Box<[Load]>);

#[derive(Debug, Default)]
// A cache line of its own for each, because every worker writes one.
#[repr(align(128))]
struct Load(AtomicUsize);

impl Loads {
    pub(crate) fn new(workers: usize) -> Self {
        Self((0..workers).map(|_| Load::default()).collect())
    }

    pub(crate) fn of(&self, worker: usize) -> usize {
        // Relaxed: an estimate is enough to balance by.
        self.0[worker].0.load(Ordering::Relaxed)
    }

    pub(crate) fn total(&self) -> usize {
        (0..self.0.len()).map(|worker| self.of(worker)).sum()
    }

    pub(crate) fn least(&self) -> usize {
        (0..self.0.len())
            .min_by_key(|worker| self.of(*worker))
            .unwrap_or(0)
    }

    pub(crate) fn begin(&self, worker: usize) {
        self.0[worker].0.fetch_add(1, Ordering::Relaxed);
    }

    /// A connection of this worker ended.
    pub(crate) fn end(&self, worker: usize) {
        self.0[worker].0.fetch_sub(1, Ordering::Relaxed);
    }
}
