//! Which jobs wait and which plugin runs on which thread. No thread is touched here.

use super::queue::{Job, Queue};
use crate::health::{Death, Health};
use std::sync::Arc;

/// 100 ms: worth a line in the log.
const SLOW_TICKS: u32 = 2;
/// Two seconds: the call is given up.
const HUNG_TICKS: u32 = 40;

/// The queue and the threads, under the pool's lock.
#[derive(Default)]
pub(super) struct PoolState {
    pub(super) queue: Queue,
    pub(super) workers: Vec<Worker>,
    pub(super) watchdog: bool,
    pub(super) next_id: u64,
    pub(super) closed: bool,
}

/// A thread that still belongs to the pool.
pub(super) struct Worker {
    pub(super) id: u64,
    pub(super) running: Option<RunningCall>,
}

/// The call that a thread is in.
pub(super) struct RunningCall {
    health: Arc<Health>,
    ticks: u32,
}

impl PoolState {
    /// The oldest job whose plugin is on no thread now.
    pub(super) fn take_job(&mut self) -> Option<Job> {
        let Self { queue, workers, .. } = self;
        queue.take(|health| is_free(workers, health))
    }

    pub(super) fn is_free(&self, health: &Arc<Health>) -> bool {
        is_free(&self.workers, health)
    }

    /// Whether the worker was not given up while it was in a call.
    pub(super) fn has_worker(&self, id: u64) -> bool {
        self.workers.iter().any(|worker| worker.id == id)
    }

    pub(super) fn set_running(&mut self, id: u64, health: Option<&Arc<Health>>) {
        if let Some(worker) = self.workers.iter_mut().find(|worker| worker.id == id) {
            worker.running = health.map(|health| RunningCall {
                health: Arc::clone(health),
                ticks: 0,
            });
        }
    }

    /// Counts a tick for every running call and forgets the threads of those that are lost.
    pub(super) fn give_up_hung(&mut self) {
        self.workers.retain_mut(|worker| {
            let Some(running) = &mut worker.running else {
                return true;
            };
            if !running.health.is_watched_by_the_pool() {
                return true;
            }
            running.ticks += 1;
            let plugin = running.health.name();
            // Once per call, or a slow one would fill the log.
            if running.ticks == SLOW_TICKS {
                tracing::warn!(plugin, "a plugin call takes more than 100 ms");
            }
            if running.ticks >= HUNG_TICKS {
                running.health.kill(Death::Hung);
            }
            // A dead plugin's thread may be parked for ever. If it does return, it sees that it was
            // given up and ends.
            running.health.death().is_none()
        });
    }
}

/// Whether the plugin is on no thread now.
fn is_free(workers: &[Worker], health: &Arc<Health>) -> bool {
    let mut running = workers.iter().filter_map(|worker| worker.running.as_ref());
    !running.any(|running| Arc::ptr_eq(&running.health, health))
}
