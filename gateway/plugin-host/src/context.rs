//! Which plugin the calling thread is in, so that the host's services, which carry no handle, know
//! which plugin called them.

use crate::{
    Random,
    health::{Death, Health},
    plugin_log,
};
use gateway_model::Clock;
use std::{
    cell::Cell,
    ptr::{self, NonNull},
    sync::Arc,
    time::SystemTime,
};

/// Log messages that one call may write.
// A loop that logs must not fill the disk.
pub(crate) const MAX_MESSAGES: u32 = 64;
/// The ABI's level of a warning.
const WARN: u32 = 2;

/// Where a call's messages go.
pub(crate) trait Journal {
    /// The plugin that is called.
    fn plugin(&self) -> &str;
    /// One message, made fit for a log.
    fn write(&self, level: u32, text: &str);
    /// The plugin cannot go on.
    fn fatal(&self);
}

thread_local! {
    static CURRENT: Cell<Option<NonNull<Services<'static>>>> = const { Cell::new(None) };
}

impl Journal for Health {
    fn plugin(&self) -> &str {
        self.name()
    }

    fn write(&self, level: u32, text: &str) {
        plugin_log::write(self.name(), level, text);
    }

    fn fatal(&self) {
        self.kill(Death::Fatal);
    }
}

/// Services for one call that is made on another thread.
pub(crate) struct CallContext {
    health: Arc<Health>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
}

impl CallContext {
    pub(crate) fn new(health: Arc<Health>, clock: Arc<dyn Clock>, random: Arc<dyn Random>) -> Self {
        Self {
            health,
            clock,
            random,
        }
    }

    /// Runs a call with this context.
    pub(crate) fn enter<R>(self, call: impl FnOnce() -> R) -> R {
        let wall = || self.clock.wall();
        Services::new(&*self.health, &wall, &*self.random).enter(call)
    }
}

/// Services for one call.
pub(crate) struct Services<'a> {
    pub(crate) journal: &'a dyn Journal,
    pub(crate) wall: &'a dyn Fn() -> SystemTime,
    pub(crate) random: &'a dyn Random,
    messages: Cell<u32>,
}

impl<'a> Services<'a> {
    pub(crate) const fn new(
        journal: &'a dyn Journal,
        wall: &'a dyn Fn() -> SystemTime,
        random: &'a dyn Random,
    ) -> Self {
        Self {
            journal,
            wall,
            random,
            messages: Cell::new(0),
        }
    }

    /// Whether the call may write one more message; the last one says so.
    pub(crate) fn may_log(&self) -> bool {
        let before = self.messages.get();
        // Saturating: a plugin may go on for ever.
        self.messages.set(before.saturating_add(1));
        if before == MAX_MESSAGES {
            let text =
                format!("more than {MAX_MESSAGES} messages in one call: further ones are left out");
            self.journal.write(WARN, &text);
        }
        before < MAX_MESSAGES
    }

    /// Runs a call with these services.
    pub(crate) fn enter<R>(&self, call: impl FnOnce() -> R) -> R {
        struct Leave(Option<NonNull<Services<'static>>>);
        impl Drop for Leave {
            fn drop(&mut self) {
                CURRENT.set(self.0);
            }
        }
        // The pointer loses the lifetime of the services; the guard takes it away before they end.
        let here = NonNull::from(self).cast::<Services<'static>>();
        // Restored by a guard, so that a panic in the call cannot leave a dangling pointer behind.
        let _leave = Leave(CURRENT.replace(Some(here)));
        call()
    }
}

/// Runs `act` with the services of the call that this thread is in. None on threads that a plugin
/// started.
pub(crate) fn with_current<R>(act: impl FnOnce(Option<&Services<'_>>) -> R) -> R {
    // `try_with`, because a thread may call while its locals are being destroyed.
    let current = CURRENT.try_with(Cell::get).ok().flatten();
    let pointer = current.map_or(ptr::null(), |current| current.as_ptr().cast_const());
    // SAFETY: null, or services that `enter` borrows further up this very stack: its guard takes the
    // pointer away before they can go. Only shared references to them are ever made.
    act(unsafe { pointer.as_ref() })
}
