//! Whether a plugin may still be called.

use gateway_model::{Clock, Failure, FailureClass};
use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::sync::watch;

/// Bugs within [`BUG_WINDOW`] that close the plugin for new authorizations.
// Fewer could be chance; three in ten minutes are a defect.
const MAX_BUGS: usize = 3;
/// How long a bug counts against the plugin.
const BUG_WINDOW: Duration = Duration::from_secs(600);

/// Why this code of a plugin will not be called again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Death {
    /// A call did not return in time.
    Hung,
    /// It said itself that it cannot go on.
    Fatal,
}

/// Who ends a call that does not return.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Watch {
    /// The pool's watchdog, which gives up the thread: the plugin's code is in this process.
    Pool,
    /// The call's own deadline, which ends the worker process.
    Deadline,
}

/// One plugin's record of bugs.
pub(crate) struct Health {
    name: String,
    watch: Watch,
    clock: Arc<dyn Clock>,
    death: watch::Sender<Option<Death>>,
    bugs: Mutex<VecDeque<Instant>>,
    /// Set for good when the plugin dies or was closed once: until then, calls for single requests
    /// need not look closer, which takes locks that all workers would share.
    // Never reset: a plugin that failed once is looked at closely from then on.
    suspect: AtomicBool,
}

impl Health {
    pub(crate) fn new(name: &str, watch: Watch, clock: Arc<dyn Clock>) -> Self {
        Self {
            name: name.to_owned(),
            watch,
            clock,
            death: watch::Sender::new(None),
            bugs: Mutex::default(),
            suspect: AtomicBool::new(false),
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Whether the pool has to notice calls that do not return.
    pub(crate) fn is_watched_by_the_pool(&self) -> bool {
        self.watch == Watch::Pool
    }

    /// No call will be made again; handles of the plugin are abandoned.
    pub(crate) fn kill(&self, death: Death) {
        // The first death counts: what follows is its consequence.
        let changed = self.death.send_if_modified(|now| {
            let first = now.is_none();
            now.get_or_insert(death);
            first
        });
        // After the death is stored: a thread that sees `suspect` must find the reason.
        self.suspect.store(true, Ordering::Release);
        if changed {
            tracing::error!(
                plugin = self.name,
                ?death,
                "the plugin is quarantined until a reload with another content: update its file, then run `waybill \
                 plugin reload {}`",
                self.name
            );
        }
    }

    pub(crate) fn death(&self) -> Option<Death> {
        *self.death.borrow()
    }

    /// Resolves when the plugin is dead.
    pub(crate) async fn died(&self) -> Failure {
        let mut death = self.death.subscribe();
        let found = death.wait_for(Option::is_some).await;
        let death = found.ok().and_then(|death| *death);
        self.dead(death.unwrap_or(Death::Fatal))
    }

    /// Counts a bug.
    pub(crate) fn bug(&self) {
        let mut bugs = self.bugs.lock().unwrap_or_else(PoisonError::into_inner);
        bugs.push_back(self.clock.now());
        // Keep no more than count: a plugin that fails for ever must not grow the queue.
        if bugs.len() > MAX_BUGS {
            bugs.pop_front();
        }
        if bugs.len() == MAX_BUGS {
            self.suspect.store(true, Ordering::Release);
            let count = bugs.len();
            tracing::error!(
                plugin = self.name,
                count,
                "plugin has bugs; closed for a while"
            );
        }
    }

    /// Whether a request may be signed. It is one load as long as the plugin never failed, and
    /// [`Self::admit`] after that.
    pub(crate) fn admit_sign(&self) -> Result<(), Failure> {
        if self.suspect.load(Ordering::Acquire) {
            self.admit()
        } else {
            Ok(())
        }
    }

    /// Whether a new authorization may begin.
    pub(crate) fn admit(&self) -> Result<(), Failure> {
        if let Some(death) = self.death() {
            return Err(self.dead(death));
        }
        let bugs = self.bugs.lock().unwrap_or_else(PoisonError::into_inner);
        // The queue holds the newest bugs only, so its front decides how long the plugin stays closed.
        let oldest = bugs.front().filter(|_| bugs.len() >= MAX_BUGS);
        let Some(reopens) = oldest.and_then(|at| at.checked_add(BUG_WINDOW)) else {
            return Ok(());
        };
        let wait = reopens.saturating_duration_since(self.clock.now());
        if wait.is_zero() {
            return Ok(());
        }
        let message = format!(
            "plugin {} failed {MAX_BUGS} times by its own fault within ten minutes and is closed for a while: \
             see the log, then update its file and run `waybill plugin reload {}`",
            self.name, self.name
        );
        let mut failure = Failure::new(FailureClass::Bug, "plugin_quarantined", message);
        failure.retry_after = Some(wait);
        failure.certainly_not_sent = true;
        Err(failure)
    }

    pub(crate) fn dead(&self, death: Death) -> Failure {
        let (code, what) = match death {
            Death::Hung => ("plugin_hung", "did not return from a call"),
            Death::Fatal => ("plugin_fatal", "reported that it cannot go on"),
        };
        let message = format!(
            "plugin {} {what} and is quarantined: update its file and run `waybill plugin reload {}`",
            self.name, self.name
        );
        Failure::new(FailureClass::Bug, code, message)
    }
}
