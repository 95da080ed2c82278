//! Failures, sorted by whose turn it is.

use plugins_abi::{FailClass, GrantFate};
use std::{borrow::Cow, fmt, time::Duration};

/// What a plugin's functions return.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Whose turn it is after a failure; decides what the gateway does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// No one has to act: it passes. The gateway tries again with growing pauses; the old token goes on serving.
    Transient,
    /// The operator's: the carrier refused the credentials.
    Rejected,
    /// The operator's: the configuration cannot work. Not tried again until it changes.
    Config,
    /// The plugin author's, perhaps: the carrier's answer was not understood. Tried again slowly.
    Protocol,
    /// The plugin author's: a defect.
    Bug,
    /// A person's: the grant is gone, and a person has to consent again.
    Interaction,
}

impl Class {
    pub(crate) const fn to_abi(self) -> u32 {
        match self {
            Self::Transient => FailClass::TRANSIENT,
            Self::Rejected => FailClass::REJECTED,
            Self::Config => FailClass::CONFIG,
            Self::Protocol => FailClass::PROTOCOL,
            Self::Bug => FailClass::BUG,
            Self::Interaction => FailClass::INTERACTION,
        }
    }
}

/// Why an operation ended without a credential.
///
/// The code is short and stable, because it ends up in metrics: never text that a carrier chose.
/// The message is for people: what is wrong and what to do; never a secret, never a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    class: Class,
    code: Cow<'static, str>,
    message: Cow<'static, str>,
    retry_after: Option<Duration>,
    grant: u32,
}

impl Error {
    /// A failure of that class.
    pub fn new(
        class: Class,
        code: impl Into<Cow<'static, str>>,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            class,
            code: code.into(),
            message: message.into(),
            retry_after: None,
            grant: GrantFate::HOST_DECIDES,
        }
    }

    /// A configuration that cannot work; the code is the key at fault.
    pub fn config(key: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Class::Config, key, message)
    }

    /// A defect of the plugin or of the SDK.
    pub(crate) fn bug(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Class::Bug, code, message)
    }

    /// What the carrier asked to wait; see [`crate::http::retry_after`].
    #[must_use]
    pub fn with_retry_after(mut self, pause: Option<Duration>) -> Self {
        self.retry_after = pause;
        self
    }

    /// Says that the carrier did not use up the single-use grant that was presented, such as a
    /// refresh token: the gateway presents it again. Only for answers that leave no doubt.
    #[must_use]
    pub const fn grant_unharmed(mut self) -> Self {
        self.grant = GrantFate::UNHARMED;
        self
    }

    /// Says that the carrier does not honour the grant any more: the gateway never presents it again.
    /// The class should be [`Class::Interaction`].
    #[must_use]
    pub const fn grant_refused(mut self) -> Self {
        self.grant = GrantFate::REFUSED;
        self
    }

    /// Whether [`Error::grant_unharmed`] was said.
    pub const fn is_grant_unharmed(&self) -> bool {
        self.grant == GrantFate::UNHARMED
    }

    /// Whether [`Error::grant_refused`] was said.
    pub const fn is_grant_refused(&self) -> bool {
        self.grant == GrantFate::REFUSED
    }

    pub(crate) const fn grant_to_abi(&self) -> u32 {
        self.grant
    }

    /// Whose turn it is.
    pub const fn class(&self) -> Class {
        self.class
    }

    /// Short and stable.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// For people.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What the carrier asked to wait.
    pub const fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for Error {}
