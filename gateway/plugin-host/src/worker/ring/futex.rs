//! Sleeping on a word of shared memory.

use rustix::{
    io::Errno,
    thread::futex::{self, Flags, Timespec},
};
use std::{sync::atomic::AtomicU32, time::Duration};

/// Sleeps while the word has this value, and may wake at any time. False if the time is over.
pub(crate) fn sleep(word: &AtomicU32, value: u32, time: Option<Duration>) -> bool {
    let time = time.map(|time| Timespec {
        tv_sec: i64::try_from(time.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: time.subsec_nanos().into(),
    });
    // No private futex: the word is the other process' as well.
    futex::wait(word, Flags::empty(), value, time.as_ref()) != Err(Errno::TIMEDOUT)
}

/// Wakes who sleeps on the word.
pub(crate) fn wake(word: &AtomicU32) {
    // It fails only for an address that is no memory.
    let _ = futex::wake(word, Flags::empty(), 1);
}
