//! Signatures through memory that the gateway and a worker process share.
//!
//! The memory (`memory`) has a fixed number of entries. The gateway writes a request into a free entry, and the
//! worker process writes the answer beside it. Each side sleeps on a futex of its own and is woken only while it
//! sleeps. `desk` is the gateway's side with its own bookkeeping, `watcher` its thread for answers that take
//! longer, `answer` reads what the worker process wrote, and `words` copies bytes in and out.
//!
//! Invariant: the gateway decides nothing by what it reads twice. It copies an answer out once, within fixed
//! bounds, and then reads its own copy as it reads a frame of the channel.

mod answer;
mod desk;
mod futex;
mod memory;
mod state;
mod watcher;
mod words;

pub(super) use answer::LOG_BYTES;
pub(super) use desk::late;
pub(crate) use desk::{Ring, Signer};
pub(super) use memory::{Entry, Mapping, REQUEST, Shared};
pub(super) use state::{Phase, State};
pub(super) use words::{WordWriter, copy_out};

#[doc(hidden)]
pub use desk::hostile::survive as survive_hostile_ring;

pub(super) use futex::{sleep, wake};
