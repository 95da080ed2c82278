//! Plugins in a process of their own: the same file and the same calls, behind a channel.
//!
//! The gateway's side is `client` (calls, restarts), `lane` (signatures), `process` (the operating system's
//! part) and `ending` (what is known of workers that ended). The worker's side is `child`. Both share `codec`, which turns
//! calls and results into frames, `channel`, which carries them, and `ring`, the shared memory for signatures.
//!
//! Invariant: the gateway reads a frame as if an attacker had written it. A plugin shares its process with
//! the worker's code, so whatever the worker sends may be the plugin's own bytes.

mod channel;
mod child;
mod client;
mod codec;
mod ending;
mod lane;
mod process;
mod ring;
mod system_call;

pub use child::{WorkerStartError, run as run_worker};
pub(crate) use client::{WorkerClient, WorkerInstance, WorkerOp, WorkerSource};
#[doc(hidden)]
pub use codec::reread_answer;
pub use ending::{WORKER_ENDED, WorkerEnding, WorkerState, WorkerStatus};
pub(crate) use lane::SignLane;
pub use process::WorkerProgram;
#[doc(hidden)]
pub use ring::survive_hostile_ring;
pub use system_call::SystemCall;
