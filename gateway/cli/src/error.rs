//! How a command ends, and its exit code.

use gateway_api::client::ClientError;
use gateway_config::ConfigErrors;
use std::io;

/// How a command ended, if not with an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommandOutcome {
    /// The command did what was asked.
    Done,
    /// The configuration is wrong; the mistakes were printed.
    BadConfig,
    /// A check found a fault; it was printed.
    FaultFound,
    /// It works, but something should be done; it was printed.
    Attention,
    /// Something does not work; it was printed.
    Broken,
    /// The person stopped the wait with Ctrl-C.
    Interrupted,
}

impl CommandOutcome {
    pub(crate) const fn exit_code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Attention => 1,
            // Two names with one code: `doctor` and `check-config` both say "wrong" with 2.
            Self::BadConfig | Self::Broken => 2,
            Self::FaultFound => 3,
            // 128 and the number of SIGINT, as shells have it.
            Self::Interrupted => 130,
        }
    }
}

/// Why a command could not do its work.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// The configuration cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigErrors),
    /// The command's own output could not be written.
    #[error("cannot write to standard output: {0}")]
    Output(#[from] io::Error),
    /// An argument, a file or an answer of the person cannot be used.
    #[error("{0:#}")]
    Usage(anyhow::Error),
    /// It failed while running: a file, a folder or a port cannot be used.
    #[error("{0:#}")]
    Running(anyhow::Error),
    /// The file with the admin token is missing or unusable.
    #[error(
        "no admin token: {file} {problem}; the gateway writes it when `waybill serve` runs for the \
         first time; name another file with --token-file, or set WAYBILL_ADMIN_TOKEN"
    )]
    NoToken {
        /// The file that was looked for.
        file: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The request to the gateway failed.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The store, the gateway or the carrier refused.
    #[error("{0}")]
    Refused(String),
}

impl CliError {
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            // Mistakes of the caller, which repeating does not mend.
            Self::Config(_) | Self::Usage(_) | Self::NoToken { .. } => 2,
            Self::Output(_) | Self::Running(_) => 1,
            Self::Refused(_) => 5,
            Self::Client(error) => match error {
                ClientError::Base { .. } | ClientError::Plaintext | ClientError::Token => 2,
                ClientError::Trust(_) => 1,
                // Another try may succeed: the gateway is not there, or not the one that was meant.
                ClientError::NotRunning { .. }
                | ClientError::Unreachable { .. }
                | ClientError::Unproven { .. }
                | ClientError::Timeout { .. }
                | ClientError::NotUnderstood { .. }
                | ClientError::Version { .. } => 4,
                // As `check-config` says it.
                ClientError::Api(said) if said.code == "bad_config" => 2,
                ClientError::Unauthorized(_) | ClientError::Api(_) => 5,
            },
        }
    }

    /// The reader closed the pipe, as `head` does: it has what it wanted.
    pub(crate) fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}
