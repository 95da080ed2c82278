//! Which plugin the calling thread is in, so that the host's services, which carry no handle, know
//! whom they serve.

use crate::{Random, health::Health};
use gateway_model::Clock;
use std::{
    cell::RefCell,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

/// Log messages that one call may write.
const MAX_MESSAGES: u32 = 64;

thread_local! {
    static CURRENT: RefCell<Option<Arc<CallContext>>> = const { RefCell::new(None) };
}

/// Services for one call.
pub(crate) struct CallContext {
    pub(crate) health: Arc<Health>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
    messages: AtomicU32,
}

impl CallContext {
    pub(crate) fn new(health: Arc<Health>, clock: Arc<dyn Clock>, random: Arc<dyn Random>) -> Self {
        Self {
            health,
            clock,
            random,
            messages: AtomicU32::new(0),
        }
    }

    /// Whether the call may write one more message; the last one says so.
    pub(crate) fn may_log(&self) -> bool {
        let before = self.messages.fetch_add(1, Ordering::Relaxed);
        if before == MAX_MESSAGES {
            tracing::warn!(
                target: "waybill::plugin",
                plugin = self.health.name(),
                "more than {MAX_MESSAGES} messages in one call: the rest is left out"
            );
        }
        before < MAX_MESSAGES
    }

    /// Runs a call with this context.
    pub(crate) fn enter<R>(self, call: impl FnOnce() -> R) -> R {
        struct Leave;
        impl Drop for Leave {
            fn drop(&mut self) {
                CURRENT.with(|current| current.borrow_mut().take());
            }
        }
        CURRENT.with(|current| *current.borrow_mut() = Some(Arc::new(self)));
        let _leave = Leave;
        call()
    }
}

/// The context of the call that this thread is in. None on threads that a plugin started.
pub(crate) fn current() -> Option<Arc<CallContext>> {
    CURRENT
        .try_with(|current| current.try_borrow().ok()?.clone())
        .ok()
        .flatten()
}
