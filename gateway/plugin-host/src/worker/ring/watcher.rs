//! The thread that wakes tasks whose answers take longer, and counts their time.

use super::{
    desk::{Ring, bits},
    futex,
};
use gateway_model::Clock;
use std::{
    io,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering::Relaxed, Ordering::SeqCst},
    },
    thread::{self, Thread},
    time::Duration,
};

/// For the thread: it calls nothing but the system.
const STACK: usize = 128 << 10;
/// Ticks without a sleeping task after which the thread itself sleeps. Requests that come often need not wake
/// it each time.
const LINGER: u32 = 16;

/// Watches the tasks of one ring.
pub(super) struct Watcher {
    tick: Duration,
    /// Whether the thread looks by itself.
    watches: AtomicBool,
    thread: OnceLock<Thread>,
}

impl Watcher {
    /// Ticks after which a request is overdue.
    pub(super) const LIMIT: u32 = 8;

    pub(super) fn new(deadline: Duration) -> Self {
        Self {
            tick: (deadline / Self::LIMIT).max(Duration::from_millis(1)),
            watches: AtomicBool::new(false),
            thread: OnceLock::new(),
        }
    }

    pub(super) fn start(&self, ring: Arc<Ring>, clock: Arc<dyn Clock>) -> io::Result<()> {
        let thread = thread::Builder::new()
            .name("sign-watcher".into())
            .stack_size(STACK)
            .spawn(move || ring.watcher.run(&ring, &*clock))?;
        let _ = self.thread.set(thread.thread().clone());
        Ok(())
    }

    /// A task sleeps.
    pub(super) fn watch(&self) {
        if !self.watches.load(SeqCst) {
            self.wake();
        }
    }

    pub(super) fn wake(&self) {
        if let Some(thread) = self.thread.get() {
            thread.unpark();
        }
    }

    fn run(&self, ring: &Ring, clock: &dyn Clock) {
        let mut last = clock.now();
        let mut idle = 0;
        while !ring.is_closed() {
            let rung = ring.bell().load(SeqCst);
            let parked = ring.parked.load(SeqCst);
            if parked == 0 && idle >= LINGER {
                self.sleep(ring);
                (last, idle) = (clock.now(), 0);
                continue;
            }
            for at in bits(parked).filter(|at| ring.is_answered(*at)) {
                ring.desk(at).task.wake();
            }
            // Never without an end: the other process can move who sleeps on a word that it shares.
            let woken = futex::sleep(ring.bell(), rung, Some(self.tick));
            // Both: the clock ticks while answers keep coming, the futex when the clock stands still.
            let now = clock.now();
            if woken && now.saturating_duration_since(last) < self.tick {
                continue;
            }
            last = now;
            idle = if parked == 0 { idle + 1 } else { 0 };
            for at in bits(ring.parked.load(SeqCst)) {
                let desk = ring.desk(at);
                if desk.ticks.fetch_add(1, Relaxed) + 1 >= Self::LIMIT {
                    desk.task.wake();
                }
            }
        }
    }

    /// Sleeps until a task does. On a word of this process alone, which no one else can touch.
    fn sleep(&self, ring: &Ring) {
        self.watches.store(false, SeqCst);
        // After the store: a task that sleeps from now on sees it, and wakes this thread.
        if ring.parked.load(SeqCst) == 0 && !ring.is_closed() {
            thread::park();
        }
        self.watches.store(true, SeqCst);
    }
}
