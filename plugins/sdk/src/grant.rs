//! Grants that work once, and what a carrier says about them.

use plugins_abi::GrantChange;
use serde::Serialize;
use std::time::Duration;

/// The gateway refuses longer texts.
const MAX_TEXT: usize = 256;

/// What a successful operation did to the single-use grant in the state.
///
/// The gateway presents such a grant once at a time, writes down that it is about to, and keeps the new
/// state before it uses the new token. All of that rests on this value being right.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Grant {
    /// There is none, as with client credentials.
    #[default]
    NotSingleUse,
    /// [`crate::Credential::state`] holds a new one.
    Replaced {
        /// How long it lives, from the begin of the operation; `None`: the carrier did not say.
        lifetime: Option<Duration>,
    },
    /// The old one stays good; the state has to hold it again.
    Kept,
    /// The old one is used up, and no new one came.
    Gone,
}

impl Grant {
    /// The number and the lifetime in milliseconds.
    pub(crate) fn to_abi(self) -> (u32, u64) {
        match self {
            Self::NotSingleUse => (GrantChange::NOT_SINGLE_USE, u64::MAX),
            Self::Replaced { lifetime } => {
                // Zero means "unknown", so the shortest life is one millisecond.
                let ttl = lifetime.map_or(u64::MAX, |life| {
                    crate::credential::saturating_ms(life).max(1)
                });
                (GrantChange::REPLACED, ttl)
            }
            Self::Kept => (GrantChange::KEPT, u64::MAX),
            Self::Gone => (GrantChange::GONE, u64::MAX),
        }
    }
}

/// What a carrier said about a token and the consent behind it. For people; nothing is decided by it,
/// and nothing in it may be a secret.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Facts {
    /// `Bearer`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_type: Option<String>,
    /// Scopes, parted by spaces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// The carrier's word for the state of the access token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// The carrier's word for the state of the refresh token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_status: Option<String>,
    /// When the refresh token was issued, in milliseconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_issued_at_ms: Option<u64>,
    /// When the refresh token ends, in milliseconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_expires_at_ms: Option<u64>,
    /// How often it was refreshed, by the carrier's count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_count: Option<u64>,
}

impl Facts {
    /// Without the texts that the gateway would take for a defect of the plugin.
    pub(crate) fn presentable(mut self) -> Self {
        let plain = |text: &String| {
            text.len() <= MAX_TEXT && text.bytes().all(|b| b == b' ' || b.is_ascii_graphic())
        };
        for text in [
            &mut self.token_type,
            &mut self.scope,
            &mut self.status,
            &mut self.refresh_status,
        ] {
            *text = text.take().filter(plain);
        }
        self
    }

    /// As JSON; nothing if there is no fact.
    pub(crate) fn to_json(&self) -> Vec<u8> {
        if *self == Self::default() {
            return Vec::new();
        }
        serde_json::to_vec(self).expect("a struct of texts and numbers")
    }
}
