//! Ways in which a plugin can break the contract during a call.

use gateway_model::{Failure, FailureClass};

/// What a plugin did wrong. The authorization ends with class *bug* and this text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Violation {
    #[error("a null or misaligned pointer where {0} belongs")]
    BadPointer(&'static str),
    #[error("{name} of {said} bytes, at least {needed} are needed")]
    ShortStruct {
        name: &'static str,
        said: usize,
        needed: usize,
    },
    #[error("{what} longer than {max} bytes")]
    TooLong { what: &'static str, max: usize },
    #[error("more than {max} {what}")]
    TooMany { what: &'static str, max: usize },
    #[error("a field that HTTP does not allow in {0}")]
    InvalidField(&'static str),
    #[error("the field {0}, which is the gateway's alone")]
    ReservedField(String),
    #[error("a credential without fields")]
    EmptyCredential,
    #[error("a credential with query parameters, which this gateway does not apply")]
    QueryCredential,
    #[error("a query parameter for a request to sign, which this gateway does not apply")]
    QuerySignature,
    #[error("that it does not know how to sign, which its capabilities promise")]
    SignUnsupported,
    #[error("facts about a token that are not the JSON object of the header")]
    Facts,
    #[error("something for slot {0}, which is none of the further `slots` of its manifest")]
    UnknownSlot(u32),
    #[error("the slot {0} more than once")]
    SlotTwice(String),
    #[error("both fields and a failure, or neither, for the slot {0}")]
    SlotContradiction(String),
    #[error("no authorization URL")]
    NoUrl,
    #[error("more than one authorization URL")]
    TwoUrls,
    #[error("an authorization URL that {0}")]
    BadUrl(&'static str),
    #[error("more than one end")]
    TwoEnds,
    #[error("an end together with new requests or timers")]
    EndAndRequests,
    #[error("nothing: no end, and no request or timer to wait for")]
    Stalled,
    #[error("the request id {0} a second time")]
    ReusedId(u64),
    #[error("more than {0} calls")]
    TooManySteps(usize),
    #[error("the status {0}, which does not exist")]
    UnknownStatus(u32),
    #[error("success without a handle")]
    NoHandle,
    #[error("a failure without a reason")]
    NoReason,
    #[error("a success during the making of an instance, or a request")]
    Misplaced,
    #[error("a status that contradicts what was emitted")]
    Contradiction,
    #[error("an event of a known kind was called unknown")]
    Unsupported,
    #[error("it panicked: {0}")]
    Panicked(String),
    /// Found in the plugin's own process, by the same rules.
    #[error("{text}")]
    Reported { code: &'static str, text: String },
}

/// The codes of all violations.
const CODES: [&str; 13] = [
    "plugin_bad_pointer",
    "plugin_limit",
    "plugin_invalid_field",
    "plugin_bad_url",
    "plugin_bad_credential",
    "plugin_bad_signature",
    "plugin_two_ends",
    "plugin_stalled",
    "plugin_reused_id",
    "plugin_unknown_status",
    "plugin_incomplete",
    "plugin_contradiction",
    "plugin_panic",
];

impl Violation {
    /// A panic, with the failure that the plugin reported about it, if it did.
    pub(crate) fn panicked(said: Option<Failure>) -> Self {
        let message = said.map(|failure| failure.message);
        Self::Panicked(message.unwrap_or_else(|| "it gave no message".into()))
    }

    /// One that was found in another process; `None` if there is no such code.
    pub(crate) fn reported(code: &str, text: String) -> Option<Self> {
        let code = CODES.into_iter().find(|known| *known == code)?;
        Some(Self::Reported { code, text })
    }

    /// Stable code for metrics.
    pub(crate) const fn code(&self) -> &'static str {
        match self {
            Self::BadPointer(_) | Self::ShortStruct { .. } => "plugin_bad_pointer",
            Self::TooLong { .. } | Self::TooMany { .. } | Self::TooManySteps(_) => "plugin_limit",
            Self::InvalidField(_) | Self::ReservedField(_) => "plugin_invalid_field",
            Self::NoUrl | Self::TwoUrls | Self::BadUrl(_) => "plugin_bad_url",
            Self::EmptyCredential
            | Self::QueryCredential
            | Self::Facts
            | Self::UnknownSlot(_)
            | Self::SlotTwice(_)
            | Self::SlotContradiction(_) => "plugin_bad_credential",
            Self::QuerySignature => "plugin_bad_signature",
            Self::TwoEnds | Self::EndAndRequests => "plugin_two_ends",
            Self::Stalled => "plugin_stalled",
            Self::ReusedId(_) => "plugin_reused_id",
            Self::UnknownStatus(_) => "plugin_unknown_status",
            Self::NoHandle | Self::NoReason | Self::Misplaced => "plugin_incomplete",
            Self::Contradiction | Self::Unsupported | Self::SignUnsupported => {
                "plugin_contradiction"
            }
            Self::Panicked(_) => "plugin_panic",
            Self::Reported { code, .. } => code,
        }
    }

    /// The failure that the authorization ends with.
    pub(crate) fn failure(&self, plugin: &str) -> Failure {
        let message = if matches!(self, Self::Panicked(_)) {
            format!("plugin {plugin} is at fault: {self}")
        } else {
            format!("plugin {plugin} broke its contract; it returned {self}")
        };
        Failure::new(FailureClass::Bug, self.code(), message)
    }
}
