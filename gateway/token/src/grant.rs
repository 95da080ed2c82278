//! The grant that tokens are requested with: a repeatable one, or a refresh token that works once.

use gateway_model::{Failure, FailureClass, GrantHint};
use std::time::{Duration, Instant};

/// The grant of a lifecycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grant {
    /// Client credentials, which may be presented any number of times.
    Repeatable,
    /// A refresh token that the carrier invalidates when it is used.
    SingleUse(SingleUse),
}

/// A single-use refresh grant. The refresh token itself is kept by the shell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SingleUse {
    /// Whether it may be presented.
    pub status: SingleUseStatus,
    /// When to use it even if no token is due, so that it does not expire unused.
    pub keep_alive_at: Option<Instant>,
}

/// What is known about a refresh token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SingleUseStatus {
    /// Never presented.
    Held,
    /// An intent to present it is durable; its outcome is not known yet.
    Presenting,
    /// It was presented, and whether the carrier used it up is not known.
    OutcomeUnknown,
    /// The one presentation that an unknown outcome leaves is under way.
    LastChance,
    /// Refused or used up: only a login helps.
    Spent,
}

/// What an issued token said about the single-use grant that brought it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GrantUpdate {
    /// A new refresh token came and is durable.
    Replaced {
        /// How long it lives; `None`: the carrier did not say.
        lifetime: Option<Duration>,
    },
    /// The carrier keeps the old one valid.
    Kept,
    /// The old one is used up and no new one came.
    Gone,
}

/// What a failure did to the single-use grant that was presented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GrantFate {
    /// The carrier did not use it up: it may be presented again.
    Unharmed,
    /// It may have been used up.
    Unknown,
    /// The carrier refused it: it can never be used again.
    Refused,
}

impl GrantFate {
    /// What the plugin says of it, else the cautious reading of the failure.
    ///
    /// A refused *client* (`Rejected`, `Config`) is unharmed: RFC 6749 section 5.2 has the client
    /// authenticated before its grant is looked at.
    pub const fn of(failure: &Failure) -> Self {
        match failure.grant {
            GrantHint::Refused => return Self::Refused,
            GrantHint::Unharmed => return Self::Unharmed,
            GrantHint::HostDecides => {}
        }
        // The plugin cannot know about the network, so its hint comes first and this second.
        if failure.certainly_not_sent {
            return Self::Unharmed;
        }
        match failure.class {
            FailureClass::Rejected | FailureClass::Config => Self::Unharmed,
            FailureClass::Interaction => Self::Refused,
            // `Unknown` is the careful reading: the grant may be used up.
            FailureClass::Transient | FailureClass::Protocol | FailureClass::Bug => Self::Unknown,
        }
    }
}

/// Whether a grant may be presented now.
pub(crate) enum PresentationRule {
    /// Any number of times.
    Free,
    /// After its intent is durable.
    AfterIntent { last_chance: bool },
    /// Never again.
    Refused,
}

impl Grant {
    /// A single-use grant that was not presented yet.
    pub const fn single_use(keep_alive_at: Option<Instant>) -> Self {
        Self::SingleUse(SingleUse {
            status: SingleUseStatus::Held,
            keep_alive_at,
        })
    }

    pub(crate) const fn presentation_rule(&self, last_chance_allowed: bool) -> PresentationRule {
        match self {
            Self::Repeatable => PresentationRule::Free,
            Self::SingleUse(grant) => match grant.status {
                SingleUseStatus::Held => PresentationRule::AfterIntent { last_chance: false },
                SingleUseStatus::OutcomeUnknown if last_chance_allowed => {
                    PresentationRule::AfterIntent { last_chance: true }
                }
                SingleUseStatus::OutcomeUnknown
                // A second presentation while one is under way would look to the carrier like a stolen token.
                | SingleUseStatus::Presenting
                | SingleUseStatus::LastChance
                | SingleUseStatus::Spent => PresentationRule::Refused,
            },
        }
    }

    /// Whether its fate is unknown.
    pub const fn outcome_unknown(&self) -> bool {
        matches!(
            self,
            Self::SingleUse(SingleUse {
                status: SingleUseStatus::OutcomeUnknown,
                ..
            })
        )
    }

    /// Whether it can never bring a token again.
    pub const fn spent(&self) -> bool {
        matches!(
            self,
            Self::SingleUse(SingleUse {
                status: SingleUseStatus::Spent,
                ..
            })
        )
    }

    /// When it wants to be used though no token is due.
    pub(crate) const fn keep_alive_at(&self) -> Option<Instant> {
        match self {
            Self::SingleUse(SingleUse {
                status: SingleUseStatus::Held,
                keep_alive_at,
            }) => *keep_alive_at,
            Self::Repeatable | Self::SingleUse(_) => None,
        }
    }

    /// Its intent is durable and it goes out.
    pub(crate) fn presented(&mut self) {
        if let Self::SingleUse(grant) = self {
            grant.status = match grant.status {
                SingleUseStatus::Held => SingleUseStatus::Presenting,
                SingleUseStatus::OutcomeUnknown => SingleUseStatus::LastChance,
                // A report that comes twice changes nothing.
                same @ (SingleUseStatus::Presenting
                | SingleUseStatus::LastChance
                | SingleUseStatus::Spent) => same,
            };
        }
    }

    /// The presentation failed.
    pub(crate) fn failed(&mut self, fate: GrantFate) {
        if let Self::SingleUse(grant) = self {
            grant.status = match (grant.status, fate) {
                (SingleUseStatus::Presenting, GrantFate::Unharmed) => SingleUseStatus::Held,
                // A last chance that certainly did not arrive is still a chance.
                (SingleUseStatus::Presenting, GrantFate::Unknown)
                | (SingleUseStatus::LastChance, GrantFate::Unharmed) => {
                    SingleUseStatus::OutcomeUnknown
                }
                (SingleUseStatus::Presenting, GrantFate::Refused)
                | (SingleUseStatus::LastChance, GrantFate::Unknown | GrantFate::Refused) => {
                    SingleUseStatus::Spent
                }
                // The intent could not be recorded, so nothing was presented.
                (
                    same @ (SingleUseStatus::Held
                    | SingleUseStatus::OutcomeUnknown
                    | SingleUseStatus::Spent),
                    _,
                ) => same,
            };
        }
    }

    /// The presentation brought a token.
    pub(crate) fn issued(&mut self, now: Instant, news: GrantUpdate, keep_alive_fraction: f64) {
        if let Self::SingleUse(grant) = self {
            match news {
                GrantUpdate::Replaced { lifetime } => {
                    grant.status = SingleUseStatus::Held;
                    grant.keep_alive_at = lifetime
                        .and_then(|life| now.checked_add(life.mul_f64(keep_alive_fraction)));
                }
                // The keep-alive instant stays: the old refresh token's life goes on.
                GrantUpdate::Kept => grant.status = SingleUseStatus::Held,
                GrantUpdate::Gone => grant.status = SingleUseStatus::Spent,
            }
        }
    }
}
