//! How many connections each worker has, and the message that hands one over.

use std::{
    net::TcpStream,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
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
pub(crate) struct Loads {
    of_workers: Box<[Load]>,
    /// The accept loops of all workers.
    accepting: AtomicUsize,
}

/// An accept loop runs while this value lives.
#[derive(Debug)]
pub(crate) struct Accepting(Arc<Loads>);

impl Drop for Accepting {
    fn drop(&mut self) {
        // Release: who reads the new number also sees the connections that this loop has handed over.
        self.0.accepting.fetch_sub(1, Ordering::Release);
    }
}

#[derive(Debug, Default)]
// A cache line of its own for each, because every worker writes one.
#[repr(align(128))]
struct Load(AtomicUsize);

impl Loads {
    pub(crate) fn new(workers: usize) -> Self {
        Self {
            of_workers: (0..workers).map(|_| Load::default()).collect(),
            accepting: AtomicUsize::new(0),
        }
    }

    /// Counts an accept loop until the returned value is dropped.
    pub(crate) fn accept(self: &Arc<Self>) -> Accepting {
        self.accepting.fetch_add(1, Ordering::Relaxed);
        Accepting(Arc::clone(self))
    }

    /// Whether an accept loop of any worker runs.
    pub(crate) fn accepting(&self) -> bool {
        self.accepting.load(Ordering::Acquire) > 0
    }

    pub(crate) fn of(&self, worker: usize) -> usize {
        // Relaxed: an estimate is enough to balance by.
        self.of_workers[worker].0.load(Ordering::Relaxed)
    }

    pub(crate) fn total(&self) -> usize {
        (0..self.of_workers.len())
            .map(|worker| self.of(worker))
            .sum()
    }

    pub(crate) fn least(&self) -> usize {
        (0..self.of_workers.len())
            .min_by_key(|worker| self.of(*worker))
            .unwrap_or(0)
    }

    pub(crate) fn begin(&self, worker: usize) {
        self.of_workers[worker].0.fetch_add(1, Ordering::Relaxed);
    }

    /// A connection of this worker ended.
    pub(crate) fn end(&self, worker: usize) {
        self.of_workers[worker].0.fetch_sub(1, Ordering::Relaxed);
    }
}
