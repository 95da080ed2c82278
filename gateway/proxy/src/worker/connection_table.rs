//! A worker's connections: how they end together, and the sweep that looks after their peers' pace.

use super::connection_control::ConnectionControl;
use crate::{
    framing::{ConnectionState, Expiry, Patience, Watch},
    limits::Limits,
    metrics::WorkerMetrics,
    ticks::{Slots, TICK},
};
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};
use tokio::sync::Notify;

/// How long a connection is left as it is between two requests. A peer that asks more often never
/// waits for `http1` to put it together again.
const REST: Duration = TICK;
/// So many connections of some 20 KB may come before the sweep looks which of them may rest.
const CROWD: usize = 128;

struct Entry {
    control: Rc<ConnectionControl>,
    watch: Option<Watch>,
}

/// The worker's connections.
#[derive(Default)]
pub(crate) struct Connections {
    open: RefCell<Slots<Entry>>,
    ticks: Cell<u32>,
    draining: Cell<bool>,
    drain: Notify,
    one_closed: Notify,
    /// How many came since somebody last looked which may rest.
    newcomers: Cell<usize>,
}

impl Connections {
    pub(crate) fn open(&self) -> usize {
        self.open.borrow().len()
    }

    /// A connection that has just come; returns its place here.
    pub(crate) fn insert(&self, control: Rc<ConnectionControl>) -> usize {
        self.newcomers.set(self.newcomers.get() + 1);
        if self.newcomers.get() >= CROWD {
            self.rest_idle();
        }
        let entry = Entry {
            control,
            watch: None,
        };
        self.open.borrow_mut().insert(entry)
    }

    /// From now on the sweep looks after the pace of the peer at this place.
    pub(crate) fn watch(&self, slot: usize, state: Rc<ConnectionState>) {
        let watch = Watch::new(state, self.elapsed());
        if let Some(entry) = self.open.borrow_mut().at(slot) {
            entry.watch = Some(watch);
        }
    }

    /// The connection at this place has ended.
    pub(crate) fn remove(&self, slot: usize) {
        self.open.borrow_mut().remove(slot);
        self.one_closed.notify_waiters();
    }

    /// Of a crowd that comes within one sweep, those that idle already rest at once: memory that all of
    /// them took together would never go back.
    fn rest_idle(&self) {
        self.newcomers.set(0);
        self.open.borrow().each(|entry| {
            if entry.watch.as_ref().is_some_and(Watch::is_idle) {
                entry.control.rest();
            }
        });
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.draining.get()
    }

    fn elapsed(&self) -> Duration {
        TICK * self.ticks.get()
    }

    /// Completes when draining begins.
    pub(crate) async fn draining(&self) {
        let begins = self.drain.notified();
        if !self.draining.get() {
            begins.await;
        }
    }

    /// Completes when the next connection has ended.
    pub(crate) async fn closed(&self) {
        self.one_closed.notified().await;
    }

    pub(crate) fn drain(&self) {
        self.draining.set(true);
        self.drain.notify_waiters();
        self.open.borrow().each(|entry| entry.control.wake());
    }

    pub(crate) fn cut_all(&self) {
        self.open.borrow().each(|entry| {
            entry.control.cut();
        });
    }

    /// Looks after the pace of all peers; called once per tick.
    pub(crate) fn sweep(&self, limits: &Limits, metrics: &WorkerMetrics) {
        self.ticks.set(self.ticks.get().saturating_add(1));
        self.newcomers.set(0);
        let now = self.elapsed();
        let patience = patience(limits);
        self.open.borrow_mut().each_mut(|entry| {
            let Some(watch) = &mut entry.watch else {
                return;
            };
            match watch.check(now, &patience) {
                Some(Expiry::Idle) if entry.control.says_goodbye() => watch.forgive(),
                Some(
                    Expiry::Idle
                    | Expiry::Head
                    | Expiry::Body
                    | Expiry::Write
                    | Expiry::Flood
                    | Expiry::Linger,
                ) => {
                    metrics.connections_timed_out.add(1);
                }
                None if watch.has_idled(now, REST) => entry.control.rest(),
                None => {}
            }
        });
    }
}

fn patience(limits: &Limits) -> Patience {
    Patience {
        head: limits.head_read,
        idle: limits.keep_alive_idle,
        body_idle: limits.body_idle,
        body_rate: limits.body_rate,
        write_idle: limits.write_idle,
        linger: Duration::from_secs(2),
    }
}
