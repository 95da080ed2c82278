//! Runs an author's future without a runtime: requests go out, events come in.
//!
//! [`Mailbox`] is the only thing that the future and the C side share. A future inside registers
//! what it waits for and leaves its waker there; an event wakes exactly that child, so combinators
//! that poll only woken children (`FuturesUnordered`, `join!`) work. The outer waker sets a flag
//! and no more: it says whether a poll that ended `Pending` is worth repeating.

mod mailbox;
mod run;
mod wait;

pub(crate) use mailbox::{Command, Completion, Mailbox};
pub(crate) use run::{Step, Task};
pub(crate) use wait::Exchange;
pub use wait::Sleep;
