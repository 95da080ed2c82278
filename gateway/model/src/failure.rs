//! Why no token could be acquired, and whose turn it is.

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Decides what the gateway does after a failed acquisition (`docs/plugins.md`, "Failure classes").
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureClass {
    /// Passing: try again with back-off; the old token serves until it expires.
    Transient,
    /// The carrier refused the credentials: no retry storm, an operator must act.
    Rejected,
    /// The account's configuration cannot work; wait for it to change.
    Config,
    /// The carrier's answer was not understood: retry slowly.
    Protocol,
    /// A person must consent again.
    Interaction,
    /// The plugin broke its contract.
    Bug,
}

impl FailureClass {
    /// Stable name for logs and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Transient => "transient",
            Self::Rejected => "rejected",
            Self::Config => "config",
            Self::Protocol => "protocol",
            Self::Interaction => "interaction",
            Self::Bug => "bug",
        }
    }

    /// Whether only a person can end it.
    pub const fn needs_operator(self) -> bool {
        // The others may end by themselves; these would only repeat a refusal.
        matches!(self, Self::Rejected | Self::Config | Self::Interaction)
    }
}

/// What the plugin knows of a single-use grant that was presented before the failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum GrantHint {
    /// Nothing: the host judges by class, and by whether anything was sent.
    #[default]
    HostDecides,
    /// The carrier did not use it up: it may be presented again.
    Unharmed,
    /// The carrier does not honour it any more.
    Refused,
}

/// One failed acquisition.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message} ({code})")]
pub struct Failure {
    /// What to do about it.
    pub class: FailureClass,
    /// Stable code: the carrier's own (`10401`) or the host's (`timeout`). Never a secret.
    pub code: String,
    /// For people. Never a secret, never a response body.
    pub message: String,
    /// How long the carrier asked us to wait, before clamping.
    pub retry_after: Option<Duration>,
    /// The request certainly never reached the carrier (DNS, connect or TLS failed), so a single-use
    /// grant is unharmed and may be presented again.
    pub certainly_not_sent: bool,
    /// What became of a single-use grant, as far as the plugin knows.
    pub grant: GrantHint,
}

impl Failure {
    /// A failure with no wait asked for, of a request that may have been processed.
    pub fn new(class: FailureClass, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            class,
            code: code.into(),
            message: message.into(),
            retry_after: None,
            // The careful reading: whoever knows better says so.
            certainly_not_sent: false,
            grant: GrantHint::HostDecides,
        }
    }
}
