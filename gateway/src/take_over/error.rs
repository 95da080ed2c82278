//! Why nothing was taken or handed over.

use std::{io, path::PathBuf};

/// Why a new process cannot take over.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TakeOverError {
    /// The socket of the running gateway is not what it should be.
    #[error("the running gateway cannot be asked at {}: {why}", path.display())]
    Socket {
        /// Its file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The running gateway serves on.
    #[error("the running gateway hands nothing over: {0}")]
    Refused(String),
    /// The running gateway changed its mind, and serves on.
    #[error("the running gateway took the hand-over back: {0}")]
    Cancelled(String),
    /// It does not answer, or says what this program does not understand.
    #[error("the running gateway cannot be understood: {0}; it serves on")]
    Channel(#[from] io::Error),
}

/// Why a running gateway goes on by itself.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HandOverError {
    /// The new process says so.
    #[error("the new process failed: {0}")]
    Failed(String),
    /// It was killed, or it crashed.
    #[error("the new process is gone")]
    Gone,
    /// It does nothing.
    #[error("the new process did not {0} in time")]
    Late(&'static str),
    /// It says what this program does not understand.
    #[error("the new process cannot be understood: {0}")]
    Channel(#[from] io::Error),
}
