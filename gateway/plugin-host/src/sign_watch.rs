//! Notices signatures in this process that do not return. Nothing can end such a call, but somebody has to
//! say which plugin blocks a worker of the data plane.

use crate::health::{Death, Health};
use std::{
    cell::RefCell,
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

/// Between two looks. A signature takes microseconds, so this is rare enough to cost nothing.
const TICK: Duration = Duration::from_millis(500);
/// Two seconds in one call, as for a call on the pool.
const HUNG_TICKS: u32 = 4;

/// The calls of one thread: odd while it is in one. Only that thread writes it.
#[derive(Default)]
struct Calls(AtomicU64);

thread_local! {
    /// This thread's calls of each plugin. A thread signs for few plugins, so a list is searched fastest.
    static OWN: RefCell<Vec<(u64, Arc<Calls>)>> = const { RefCell::new(Vec::new()) };
}

/// Watches one plugin's signatures.
pub(crate) struct SignWatch {
    id: u64,
    threads: Arc<Mutex<Vec<Arc<Calls>>>>,
}

impl SignWatch {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self {
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            threads: Arc::default(),
        }
    }

    /// Runs a call that is watched. No lock, and nothing that threads share, after a thread's first call.
    pub(crate) fn within<R>(&self, health: &Arc<Health>, call: impl FnOnce() -> R) -> R {
        OWN.with(|own| {
            let is_own = |(id, _): &&(u64, Arc<Calls>)| *id == self.id;
            if !own.borrow().iter().any(|entry| is_own(&entry)) {
                own.borrow_mut().push((self.id, self.join(health)));
            }
            // Borrowed during the call: a signer cannot ask for a signature itself.
            let own = own.borrow();
            let Some((_, calls)) = own.iter().find(is_own) else {
                return call();
            };
            let before = calls.0.load(Ordering::Relaxed);
            calls.0.store(before + 1, Ordering::Relaxed);
            let returned = call();
            calls.0.store(before + 2, Ordering::Relaxed);
            returned
        })
    }

    /// Adds this thread; the plugin's first one starts the watch.
    fn join(&self, health: &Arc<Health>) -> Arc<Calls> {
        let calls = Arc::<Calls>::default();
        let mut threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        threads.push(Arc::clone(&calls));
        if threads.len() == 1 {
            let (watched, health) = (Arc::downgrade(&self.threads), Arc::clone(health));
            // As the pool's threads are: a check of a plugin tells the host's threads by that.
            let thread = thread::Builder::new().name("plugin-sigwatch".into());
            if let Err(error) = thread.spawn(move || watch(&watched, &health)) {
                tracing::warn!(%error, "a signer that does not return will not be noticed");
            }
        }
        calls
    }
}

/// Looks at the calls until the plugin is gone or hangs.
fn watch(threads: &Weak<Mutex<Vec<Arc<Calls>>>>, health: &Health) {
    let mut seen: Vec<(u64, u32)> = Vec::new();
    loop {
        thread::sleep(TICK);
        let Some(threads) = threads.upgrade() else {
            return;
        };
        let threads = threads.lock().unwrap_or_else(PoisonError::into_inner);
        seen.resize(threads.len(), (0, 0));
        for (calls, (last, ticks)) in threads.iter().zip(&mut seen) {
            let now = calls.0.load(Ordering::Relaxed);
            let same_call = now % 2 == 1 && now == *last;
            (*last, *ticks) = (now, if same_call { *ticks + 1 } else { 0 });
            if *ticks >= HUNG_TICKS {
                tracing::error!(
                    plugin = health.name(),
                    "a signature does not return and blocks a worker of the data plane: restart the gateway, and \
                     run the plugin in a worker process (plugins.isolation_of)"
                );
                return health.kill(Death::Hung);
            }
        }
    }
}
