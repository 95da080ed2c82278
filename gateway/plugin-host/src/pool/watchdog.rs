//! Notices calls that do not return.
//!
//! It counts its own ticks and reads no clock: while the whole process is stopped or starved nothing
//! is counted, so a suspended machine quarantines no plugin.

use super::{Death, Shared, State};
use std::{
    io,
    sync::{Arc, PoisonError},
    thread,
    time::Duration,
};

const TICK: Duration = Duration::from_millis(50);
/// 100 ms: worth a line in the log.
const SLOW: u32 = 2;
/// Two seconds: the call is given up.
const HUNG: u32 = 40;

pub(super) fn start(shared: Arc<Shared>) -> io::Result<()> {
    let watch = move || {
        while wait_until_busy(&shared) {
            thread::sleep(TICK);
            shared.tick();
        }
    };
    thread::Builder::new()
        .name("plugin-watch".into())
        .spawn(watch)
        .map(drop)
}

/// False when the pool is gone.
fn wait_until_busy(shared: &Shared) -> bool {
    let mut state = shared.lock();
    loop {
        if state.workers.iter().any(|worker| worker.running.is_some()) {
            return true;
        }
        if state.closed && state.queue.is_empty() {
            return false;
        }
        let woken = shared.busy.wait(state);
        state = woken.unwrap_or_else(PoisonError::into_inner);
    }
}

impl Shared {
    fn tick(self: &Arc<Self>) {
        let mut state = self.lock();
        let before = state.workers.len();
        state.give_up_hung();
        for _ in state.workers.len()..before {
            if let Err(error) = self.start_worker(&mut state) {
                tracing::error!(%error, "no thread for plugin calls can be started");
            }
        }
    }
}

impl State {
    /// Counts a tick for every running call and forgets the threads of those that are lost.
    fn give_up_hung(&mut self) {
        self.workers.retain_mut(|worker| {
            let Some(running) = &mut worker.running else {
                return true;
            };
            running.ticks += 1;
            let plugin = running.health.name();
            if running.ticks == SLOW {
                tracing::warn!(plugin, "a plugin call takes more than 100 ms");
            }
            if running.ticks >= HUNG {
                running.health.kill(Death::Hung);
            }
            // A dead plugin's thread may be parked for ever. If it does return, it sees that it was
            // given up and ends.
            running.health.death().is_none()
        });
    }
}
