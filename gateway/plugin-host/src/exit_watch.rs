//! Notices a plugin in this process that calls `exit`: without this, the gateway would end with whatever
//! code the plugin chose, and without a word. `_exit` cannot be noticed.

use crate::context;
use std::{
    sync::{
        Once,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

/// The exit code then: "internal software error" (sysexits.h), for which service managers restart.
const EXIT_CODE: libc::c_int = 70;
/// For the log, which another thread writes.
const LOG_TIME: Duration = Duration::from_millis(200);

/// Whether an end of the process is a plugin's doing.
static WATCHING: AtomicBool = AtomicBool::new(false);

/// As long as it lives, only a plugin could end the process by `exit`.
#[derive(Debug)]
#[must_use = "exits are watched as long as this lives"]
pub struct ExitWatch(());

/// Watches for exits from now on. Whoever holds the watch has to drop it before the process ends as it
/// should.
pub fn watch_exits() -> ExitWatch {
    static REGISTERED: Once = Once::new();
    REGISTERED.call_once(|| {
        // SAFETY: the handler is a function of this program, and unwinds into nobody.
        let registered = unsafe { libc::atexit(at_exit) };
        if registered != 0 {
            tracing::warn!("a plugin that ends the process cannot be noticed");
        }
    });
    WATCHING.store(true, Ordering::Release);
    ExitWatch(())
}

impl Drop for ExitWatch {
    fn drop(&mut self) {
        WATCHING.store(false, Ordering::Release);
    }
}

extern "C" fn at_exit() {
    if !WATCHING.load(Ordering::Acquire) {
        return;
    }
    // `exit` runs its handlers on the thread that called it, which is still in the plugin's call.
    context::with_current(|context| match context {
        Some(context) => {
            let plugin = context.journal.plugin();
            tracing::error!(
                plugin,
                "plugin {plugin} called exit(), which ends the gateway: update the plugin, or write \
                 `{plugin} = \"process\"` in [plugins.isolation_of]"
            );
        }
        None => tracing::error!(
            "the gateway is ended by a call of exit() on a thread that a plugin started: write \
             `isolation = \"process\"` in [plugins]"
        ),
    });
    thread::sleep(LOG_TIME);
    // SAFETY: ends the process. Returning would end it with the plugin's code.
    unsafe { libc::_exit(EXIT_CODE) }
}
