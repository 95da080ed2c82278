//! The thread that notices calls that do not return.
//!
//! It counts its own ticks and reads no clock: while the whole process is stopped or starved nothing
//! is counted, so a suspended machine quarantines no plugin.

use std::{io, thread, time::Duration};

const TICK: Duration = Duration::from_millis(50);

/// Starts the thread. It ticks while `wait_until_busy` returns true, and ends when that returns false.
pub(super) fn start(
    mut wait_until_busy: impl FnMut() -> bool + Send + 'static,
    mut tick: impl FnMut() + Send + 'static,
) -> io::Result<()> {
    let watch = move || {
        while wait_until_busy() {
            thread::sleep(TICK);
            tick();
        }
    };
    let thread = thread::Builder::new().name("plugin-watch".into());
    thread.spawn(watch).map(drop)
}
