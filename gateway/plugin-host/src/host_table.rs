//! The services that the gateway offers to plugins.

use crate::{
    Random,
    context::{self, Services},
    plugin_log,
    random::OsRandom,
};
use gateway_model::Clock;
use plugins_abi::{ABI_MAJOR, ABI_MINOR, Bytes, Host};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    slice,
    sync::{Arc, OnceLock},
    time::UNIX_EPOCH,
};

/// Bytes of a message; the remainder is cut off.
pub(crate) const MAX_MESSAGE: usize = 2048;
/// Random bytes that a plugin may ask for at once; more is a bug.
const MAX_RANDOM: usize = 1 << 20;

/// The table handed to every entry point.
pub(crate) static TABLE: Host = table(ABI_MAJOR, ABI_MINOR);

/// The services of the gateway, for plugins that are linked in: the SDK's `attach` wants them before
/// the first call. A library gets them through its entry point.
pub const fn services() -> &'static Host {
    &TABLE
}

/// The clock of threads that a plugin started although it must not.
static FALLBACK_CLOCK: OnceLock<Arc<dyn Clock>> = OnceLock::new();

/// A table of a host of any version; versions other than the gateway's are for conformance checks.
pub(crate) const fn table(abi_major: u32, abi_minor: u32) -> Host {
    Host {
        struct_size: size_of::<Host>() as u32,
        abi_major,
        abi_minor,
        reserved: 0,
        log: Some(log),
        now_unix_ms: Some(now_unix_ms),
        random: Some(random),
    }
}

/// Remembers the first clock for calls from foreign threads.
pub(crate) fn offer_clock(clock: &Arc<dyn Clock>) {
    FALLBACK_CLOCK.get_or_init(|| Arc::clone(clock));
}

unsafe extern "C" fn log(level: u32, message: Bytes) {
    // Unwinding into a plugin is undefined behaviour, so a panic of the gateway's own stops here.
    let _ = catch_unwind(AssertUnwindSafe(|| {
        let bounded = Bytes {
            ptr: message.ptr,
            // Cut before it is read: a plugin's length is not to be trusted.
            len: message.len.min(MAX_MESSAGE),
        };
        // SAFETY: the plugin lends `len` bytes for this call; no more than that is read.
        let text = unsafe { bounded.as_slice() };
        context::with_current(|context| write_log(level, text, context));
    }));
}

fn write_log(level: u32, text: &[u8], context: Option<&Services<'_>>) {
    // A fatal report always passes: it is the only trace of why the plugin is closed.
    if context.is_some_and(|context| level > 0 && !context.may_log()) {
        return;
    }
    // Control characters could imitate a line of the log.
    let text = crate::text::clean(&String::from_utf8_lossy(text), MAX_MESSAGE);
    let Some(context) = context else {
        return plugin_log::write("unknown", level, &text);
    };
    context.journal.write(level, &text);
    // Level 0 is fatal: the plugin says that it cannot go on.
    if level == 0 {
        // The thread may never come back: the SDK parks it rather than let the process abort.
        context.journal.fatal();
    }
}

unsafe extern "C" fn now_unix_ms() -> u64 {
    let read = || {
        let wall = context::with_current(|context| match context {
            Some(context) => Some((context.wall)()),
            None => FALLBACK_CLOCK.get().map(|clock| clock.wall()),
        })?;
        let since = wall.duration_since(UNIX_EPOCH).ok()?;
        u64::try_from(since.as_millis()).ok()
    };
    // Zero cannot be a time of today, so a plugin notices that there is none.
    catch_unwind(read).ok().flatten().unwrap_or(0)
}

unsafe extern "C" fn random(dst: *mut u8, len: usize) {
    if dst.is_null() || len == 0 {
        return;
    }
    let filled = catch_unwind(AssertUnwindSafe(|| {
        // A huge request would hold the thread that other plugins wait for.
        if len > MAX_RANDOM {
            return false;
        }
        // SAFETY: the plugin lends `len` writable bytes for this call; zeroed first, because a
        // reference to uninitialised bytes is not allowed.
        unsafe { dst.write_bytes(0, len) };
        // SAFETY: the plugin lends `len` writable bytes, initialised above, and uses them in no other way during
        // the call.
        let bytes = unsafe { slice::from_raw_parts_mut(dst, len) };
        context::with_current(|context| match context {
            Some(context) => context.random.fill(bytes),
            None => OsRandom.fill(bytes),
        });
        true
    }));
    if !matches!(filled, Ok(true)) {
        // Predictable bytes would become secrets: the plugin may not go on.
        context::with_current(|context| {
            if let Some(context) = context {
                context.journal.fatal();
            }
        });
        tracing::error!(target: "waybill::plugin", len, "random bytes could not be given");
    }
}

#[cfg(test)]
mod tests;
