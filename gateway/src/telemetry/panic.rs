//! What is logged about a panic.

use std::{
    any::Any,
    panic::{self, PanicHookInfo},
    thread,
};

/// Logs where a panic happened. Its message is shown only if it is fixed text in the program: what
/// was formatted at run time may quote a value.
pub fn install_panic_hook() {
    // In place of the default hook, which prints every message whole.
    panic::set_hook(Box::new(|info: &PanicHookInfo<'_>| {
        let location = info
            .location()
            .map_or_else(String::new, ToString::to_string);
        let thread = thread::current();
        tracing::error!(
            location,
            thread = thread.name().unwrap_or("unnamed"),
            "a task panicked: {}",
            message(info.payload())
        );
    }));
}

fn message(payload: &(dyn Any + Send)) -> &'static str {
    payload
        .downcast_ref::<&'static str>()
        .copied()
        .unwrap_or("the message is withheld, because it may quote a value")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panic_message_made_at_run_time_is_withheld() {
        let formatted: Box<dyn Any + Send> = Box::new("planted-secret".to_owned());
        let fixed: Box<dyn Any + Send> = Box::new("the queue is never empty here");
        assert!(!message(formatted.as_ref()).contains("planted"));
        assert_eq!(message(fixed.as_ref()), "the queue is never empty here");
    }
}
