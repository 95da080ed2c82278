//! A worker's connections: how they end together, and the sweep that looks after their peers' pace.

use super::connection_control::ConnectionControl;
use crate::{
    limits::Limits,
    metrics::WorkerMetrics,
    ticks::{Slots, TICK},
};
use gateway_framing::{ConnectionState, Expiry, PeerMonitor, PeerTimeouts};
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};
use tokio::sync::Notify;

/// How long a connection is idle before it is parked. A peer with shorter pauses never pays for making
/// the server's part again.
const PARK_AFTER: Duration = TICK;
/// After this many new connections, none of them parked, the idle ones are parked ahead of the sweep.
const CROWD: usize = 32;

struct Entry {
    control: Rc<ConnectionControl>,
    watch: Option<PeerMonitor>,
}

/// The worker's connections.
#[derive(Default)]
pub(crate) struct ConnectionTable {
    open: RefCell<Slots<Entry>>,
    ticks: Cell<u32>,
    draining: Cell<bool>,
    closes_idle: Cell<bool>,
    drain: Notify,
    one_closed: Notify,
    /// New connections since idle ones were last parked.
    newcomers: Cell<usize>,
}

impl ConnectionTable {
    pub(crate) fn open(&self) -> usize {
        self.open.borrow().len()
    }

    /// Adds a new connection; returns its slot.
    pub(crate) fn insert(&self, control: Rc<ConnectionControl>) -> usize {
        self.newcomers.set(self.newcomers.get() + 1);
        if self.newcomers.get() >= CROWD {
            self.park_idle();
        }
        let entry = Entry {
            control,
            watch: None,
        };
        self.open.borrow_mut().insert(entry)
    }

    /// From now on the sweep looks after the pace of the peer at this place.
    pub(crate) fn watch(&self, slot: usize, state: Rc<ConnectionState>) {
        let watch = PeerMonitor::new(state, self.elapsed());
        if let Some(entry) = self.open.borrow_mut().at(slot) {
            entry.watch = Some(watch);
        }
    }

    /// The connection at this place has ended.
    pub(crate) fn remove(&self, slot: usize) {
        self.open.borrow_mut().remove(slot);
        self.one_closed.notify_waiters();
    }

    /// Parks idle connections at once when many arrive within one sweep: the allocator would never give
    /// back the memory that all of them took together.
    fn park_idle(&self) {
        self.newcomers.set(0);
        self.open.borrow().each(|entry| {
            if entry.watch.as_ref().is_some_and(PeerMonitor::is_idle) {
                entry.control.ask_to_park();
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
        // Register before asking: `notify_waiters` wakes only those that already wait.
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
        // Each HTTP/2 connection tells its peer by itself, so each has to be woken.
        self.open.borrow().each(|entry| entry.control.wake());
    }

    /// From now on a draining worker keeps no idle HTTP/1 connection.
    pub(crate) fn close_idle(&self) {
        if !self.closes_idle.replace(true) {
            self.open.borrow().each(|entry| entry.control.wake());
        }
    }

    /// Whether idle HTTP/1 connections end.
    pub(crate) fn closes_idle(&self) -> bool {
        self.closes_idle.get()
    }

    pub(crate) fn cut_all(&self) {
        self.open.borrow().each(|entry| {
            entry.control.cut();
        });
    }

    /// Looks after the pace of all peers; called once per tick.
    pub(crate) fn sweep(&self, limits: &Limits, metrics: &WorkerMetrics) {
        self.ticks.set(self.ticks.get().saturating_add(1));
        // The sweep looks at idle connections itself.
        self.newcomers.set(0);
        let now = self.elapsed();
        let timeouts = timeouts(limits);
        self.open.borrow_mut().each_mut(|entry| {
            let Some(watch) = &mut entry.watch else {
                return;
            };
            match watch.check(now, &timeouts) {
                // An HTTP/2 peer is told first, and cut at the next look if it does not react.
                Some(Expiry::Idle) if entry.control.send_goaway() => watch.withdraw_expiry(),
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
                None if watch.has_idled(now, PARK_AFTER) => entry.control.ask_to_park(),
                None => {}
            }
        });
    }
}

fn timeouts(limits: &Limits) -> PeerTimeouts {
    PeerTimeouts {
        head: limits.head_read,
        idle: limits.keep_alive_idle,
        body_idle: limits.body_idle,
        body_rate: limits.body_rate,
        write_idle: limits.write_idle,
        write_rate: limits.write_rate,
        // Long enough for the peer to see the last response, short enough to hold no descriptor.
        linger: Duration::from_secs(2),
    }
}
