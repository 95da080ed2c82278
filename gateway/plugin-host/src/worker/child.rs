//! The worker's side: loads one plugin, closes itself in, and makes the calls that the gateway asks for.

mod confine;
mod files;
mod objects;
mod refused;
mod serve;
mod signer;

use super::{channel, ring::Mapping};
use serve::Worker;
use std::{
    convert::Infallible,
    fs::File,
    io,
    os::{
        fd::{BorrowedFd, FromRawFd as _, OwnedFd},
        unix::net::UnixStream,
    },
};

/// Why a worker did not start.
#[derive(Debug, thiserror::Error)]
pub enum WorkerStartError {
    /// It was started by hand.
    #[error("standard input is no channel to a gateway: only the gateway starts this command")]
    NoChannel,
    /// The system refused something.
    #[error("a worker process for a plugin cannot be prepared: {0}")]
    System(#[from] io::Error),
}

/// Serves the gateway at the other end of standard input, until it closes that. It must be the first thing
/// that the program does: it closes every other file, and no thread may run yet.
///
/// It never returns when it could start: the process ends without running what a plugin left for its end.
///
/// # Errors
/// When it cannot start.
pub fn run() -> Result<Infallible, WorkerStartError> {
    // SAFETY: this process was started for this function, so nothing else uses standard input.
    let channel = UnixStream::from(unsafe { OwnedFd::from_raw_fd(0) });
    channel
        .local_addr()
        .map_err(|_| WorkerStartError::NoChannel)?;
    // A file, because it is read and written by the system calls that a worker needs anyway.
    let channel = File::from(OwnedFd::from(channel));
    // SAFETY: nothing closes standard output before `isolate`.
    let memory = Mapping::open(unsafe { BorrowedFd::borrow_raw(1) })?;
    confine::isolate()?;
    let code = match Worker::new(&channel, memory).serve() {
        Ok(()) => 0,
        Err(_) => 1,
    };
    // SAFETY: ends the process; the destructors of a plugin's library could hang or do harm.
    unsafe { libc::_exit(code) }
}
