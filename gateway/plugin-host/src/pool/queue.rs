//! Jobs that wait, in one lane for each plugin: finding the next job looks at the lanes, not at the thousands
//! of jobs that one plugin may have.

use crate::health::Health;
use std::{collections::VecDeque, sync::Arc};

/// One call of a plugin.
pub(super) struct Job {
    pub(super) health: Arc<Health>,
    pub(super) run: Run,
}

type Run = Box<dyn FnOnce() + Send>;

/// One plugin's jobs. It lives only while there are any.
struct Lane {
    health: Arc<Health>,
    /// Each with its number in the order of arrival over all lanes.
    jobs: VecDeque<(u64, Run)>,
}

impl Lane {
    fn oldest(&self) -> u64 {
        self.jobs.front().map_or(u64::MAX, |(number, _)| *number)
    }
}

/// The waiting jobs, with the oldest free one at hand.
#[derive(Default)]
pub(super) struct Queue {
    lanes: Vec<Lane>,
    length: usize,
    next: u64,
}

impl Queue {
    pub(super) const fn len(&self) -> usize {
        self.length
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.length == 0
    }

    pub(super) fn push(&mut self, Job { health, run }: Job) {
        let job = (self.next, run);
        self.next += 1;
        self.length += 1;
        // By pointer: names would have to be compared letter by letter under the pool's lock.
        let same = |lane: &&mut Lane| Arc::ptr_eq(&lane.health, &health);
        match self.lanes.iter_mut().find(same) {
            Some(lane) => lane.jobs.push_back(job),
            None => self.lanes.push(Lane {
                health,
                jobs: VecDeque::from([job]),
            }),
        }
    }

    /// The oldest job of a plugin that is free.
    pub(super) fn take(&mut self, is_free: impl Fn(&Arc<Health>) -> bool) -> Option<Job> {
        let free = self.lanes.iter().enumerate();
        let free = free.filter(|(_, lane)| is_free(&lane.health));
        // The oldest, so that a busy plugin never starves another.
        let (at, _) = free.min_by_key(|(_, lane)| lane.oldest())?;
        let lane = &mut self.lanes[at];
        let (_, run) = lane.jobs.pop_front()?;
        self.length -= 1;
        let health = Arc::clone(&lane.health);
        if lane.jobs.is_empty() {
            // The order of lanes does not matter, since jobs are numbered.
            self.lanes.swap_remove(at);
        }
        Some(Job { health, run })
    }

    /// Whether any plugin that has jobs is free.
    pub(super) fn any(&self, is_free: impl Fn(&Arc<Health>) -> bool) -> bool {
        self.lanes.iter().any(|lane| is_free(&lane.health))
    }
}
