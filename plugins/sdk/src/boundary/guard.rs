//! Guards against panics in author code.
//!
//! The gateway cannot catch a plugin's panic (two copies of the standard library), so nothing may
//! unwind out of here. A panic's payload and the destructors of a future are author code as well
//! and get guards of their own.

use super::host::HostServices;
use crate::{Error, log::cut, services::Services};
use std::{
    any::Any,
    cell::Cell,
    panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind},
    thread,
};

/// Longer panic messages are cut: a `Debug` output of an answer is no message.
const MAX_TEXT: usize = 300;

/// What the standard library says through the hook just before it aborts the process. A test pins
/// the wording; if it changes, the result is the abort that would have come anyway.
const LAST_WORDS: [&str; 2] = [
    "panic in a destructor during cleanup",
    "panic in a function that cannot unwind",
];

thread_local! {
    /// How many guards are on this thread's stack.
    static DEPTH: Cell<usize> = const { Cell::new(0) };
    /// Whether the thread is one that serves requests.
    static SERVING: Cell<bool> = const { Cell::new(false) };
}

/// Runs author code on a thread that serves requests; a panic becomes an error of class bug. Parking such a
/// thread would leave its connections waiting for ever without a trace. There an abort is better, because the
/// gateway's supervisor sees it.
pub(super) fn guarded_while_serving<T>(code: impl FnOnce() -> T) -> Result<T, Error> {
    SERVING.set(true);
    let result = guarded(code);
    SERVING.set(false);
    result
}

/// Runs author code; a panic becomes an error of class bug.
pub(super) fn guarded<T>(code: impl FnOnce() -> T) -> Result<T, Error> {
    // Counted, because guards nest: the destructor of a future runs inside the guard of its call.
    DEPTH.set(DEPTH.get() + 1);
    // Unwind safety: after a panic the operation is poisoned and only dropped; a plugin's value is
    // shared and immutable, and its author is told to keep no half-written state in it.
    let result = catch_unwind(AssertUnwindSafe(code));
    DEPTH.set(DEPTH.get() - 1);
    result.map_err(|payload| {
        let text = panic_text(&*payload);
        discard(payload);
        HostServices.log(1, &format!("the plugin panicked: {text}"));
        Error::bug("panic", text)
    })
}

/// Drops a value whose destructor is author code.
pub(super) fn dropped<T>(value: T) {
    // `guarded` has logged the panic, and a destructor has no caller to return an error to.
    let _ = guarded(move || drop(value));
}

/// Drops a panic's payload, which can panic itself, whose payload can panic itself. The third is
/// leaked.
fn discard(payload: Box<dyn Any + Send>) {
    if let Err(second) = catch_unwind(AssertUnwindSafe(move || drop(payload))) {
        std::mem::forget(second);
    }
}

/// The message of a panic, cut.
fn panic_text(payload: &(dyn Any + Send)) -> String {
    let text = payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("a panic without a text");
    cut(text, MAX_TEXT).to_owned()
}

/// Replaces the panic hook of the library's own standard library.
pub(super) fn install_hook() {
    std::panic::set_hook(Box::new(hook));
}

/// Logs message and place. Before an abort that nothing can stop any more (a panic in a destructor
/// that runs because of a panic) it parks the thread for ever: the gateway loses one thread of its
/// plugin pool instead of its life. A thread that serves requests is not parked.
fn hook(info: &PanicHookInfo<'_>) {
    let text = panic_text(info.payload());
    let place = info.location().map(ToString::to_string).unwrap_or_default();
    if DEPTH.get() > 0 && !SERVING.get() && LAST_WORDS.contains(&text.as_str()) {
        HostServices.log(
            0,
            &format!("the plugin panicked twice at {place}; its thread is parked"),
        );
        loop {
            thread::park();
        }
    }
    HostServices.log(1, &format!("panic at {place}: {text}"));
}
