//! Whether an account needs a person.

use gateway_broker::{AccountStatus, RequestOutcome};
use gateway_model::{FailureClass, GrantKind, GrantStatus, NoticeKind, UnavailableReason};
use gateway_store::{AccountRecord, GrantRecord, RestoredFrom};
use std::time::{Duration, SystemTime};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// The broker renews a grant at half of its lifetime. Only a grant that is this much older counts as one
/// that the gateway does not keep alive.
const TOLERANCE: Duration = Duration::from_secs(60 * 60);

/// What is known about one account.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Facts<'a> {
    pub(crate) account: &'a AccountRecord,
    /// The stored grant; `None` if nobody has signed in yet.
    pub(crate) grant: Option<&'a GrantRecord>,
    /// The broker's status; `None` if the broker does not have the account.
    pub(crate) status: Option<&'a AccountStatus>,
}

/// Whether an account needs a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Assessment {
    /// It does not.
    Fine,
    /// Not known yet: an attempt is in progress, or fails temporarily. Open notices stay open.
    Unsettled,
    /// It does.
    Needs(Need),
}

/// Why a person is needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// The grant ends soon, and renewing it does not work or does not extend it.
    Ending { at: SystemTime, why: Option<String> },
    /// The grant has ended.
    Ended { at: SystemTime },
    /// The carrier no longer accepts the grant, which may come from an older state of the store.
    GrantRefused {
        why: Option<String>,
        restored: Option<RestoredFrom>,
    },
    /// The carrier no longer accepts client id and secret.
    ClientRefused { why: Option<String> },
    /// It is not known whether the carrier still accepts the grant: an answer was lost, or the grant comes
    /// from an older state of the store.
    InDoubt { restored: Option<RestoredFrom> },
    /// The account's configuration cannot work.
    Misconfigured { why: Option<String> },
}

impl Need {
    pub(crate) const fn kind(&self) -> NoticeKind {
        match self {
            Self::Ending { .. } => NoticeKind::Ending,
            Self::Ended { .. } => NoticeKind::Ended,
            Self::GrantRefused { .. } | Self::ClientRefused { .. } => NoticeKind::Refused,
            Self::InDoubt { .. } => NoticeKind::InDoubt,
            Self::Misconfigured { .. } => NoticeKind::Misconfigured,
        }
    }
}

/// Assesses an account. Of several reasons the most severe one counts.
pub(crate) fn assess(facts: &Facts<'_>, days: u16, now: SystemTime) -> Assessment {
    if !facts.account.active {
        return Assessment::Fine;
    }
    let Some(status) = facts.status else {
        return Assessment::Unsettled;
    };
    let needs = match facts.account.grant {
        GrantKind::ClientCredentials => by_failure(status, None),
        // Nobody has signed in yet. The person who added the account is about to do so, and needs no
        // reminder.
        GrantKind::AuthorizationCode if facts.grant.is_none() => by_setup(status),
        GrantKind::AuthorizationCode => {
            by_grant(facts, status, now)
                .or_else(|| by_failure(status, restored(facts)))
                .or_else(|| {
                    // A renewal in progress may extend the grant: wait for its result.
                    ending(facts, status, days, now).filter(|_| !in_progress(status))
                })
        }
    };
    if let Some(need) = needs {
        return Assessment::Needs(need);
    }
    if in_progress(status) || (!status.usable && facts.grant.is_some()) || pending(status) {
        return Assessment::Unsettled;
    }
    Assessment::Fine
}

fn by_grant(facts: &Facts<'_>, status: &AccountStatus, now: SystemTime) -> Option<Need> {
    if let Some(at) = ends_at(facts).filter(|at| *at <= now) {
        return Some(Need::Ended { at });
    }
    match status.grant {
        GrantStatus::Spent => Some(Need::GrantRefused {
            why: why(status),
            restored: restored(facts),
        }),
        GrantStatus::OutcomeUnknown => Some(Need::InDoubt {
            restored: restored(facts),
        }),
        GrantStatus::Repeatable
        | GrantStatus::Held
        | GrantStatus::Presenting
        | GrantStatus::LastChance => None,
    }
}

/// The older state of the store that the grant comes from.
fn restored(facts: &Facts<'_>) -> Option<RestoredFrom> {
    facts.grant?.restored
}

/// The reason in the last failure, if only a person can correct it.
fn by_failure(status: &AccountStatus, restored: Option<RestoredFrom>) -> Option<Need> {
    let why = || why(status);
    match class(status)? {
        FailureClass::Rejected => Some(Need::ClientRefused { why: why() }),
        FailureClass::Interaction => Some(Need::GrantRefused {
            why: why(),
            restored,
        }),
        FailureClass::Config => Some(Need::Misconfigured { why: why() }),
        FailureClass::Transient | FailureClass::Protocol | FailureClass::Bug => None,
    }
}

fn by_setup(status: &AccountStatus) -> Option<Need> {
    let need = by_failure(status, None)?;
    (need.kind() == NoticeKind::Misconfigured).then_some(need)
}

/// The grant ends soon, and the gateway does not keep it alive.
///
/// Some carriers (UPS) issue a new grant with each renewal, which extends the end by the grant's whole
/// lifetime. The broker renews at half of the lifetime even without traffic. So the renewals of an older
/// grant fail, or do not extend it.
fn ending(facts: &Facts<'_>, status: &AccountStatus, days: u16, now: SystemTime) -> Option<Need> {
    let at = ends_at(facts)?;
    let left = at.duration_since(now).unwrap_or_default();
    // Too early to trouble anybody.
    if left > DAY * u32::from(days) {
        return None;
    }
    let kept_alive = begun(facts).is_some_and(|begun| {
        let life = at.duration_since(begun).unwrap_or_default();
        now < begun + life / 2 + TOLERANCE
    });
    let why = why(status);
    (!kept_alive).then_some(Need::Ending { at, why })
}

/// When the grant ends, if it has an end.
pub(crate) fn ends_at(facts: &Facts<'_>) -> Option<SystemTime> {
    if facts.account.grant == GrantKind::ClientCredentials {
        return None;
    }
    // The broker's word first: a renewal may have moved the end since the store was read.
    let known = facts.status.and_then(|status| status.grant_ends_at);
    let stored = || Some(facts.grant?.expires_at?.to_system_time());
    known.or_else(stored)
}

/// When the present grant was issued, if that is known.
fn begun(facts: &Facts<'_>) -> Option<SystemTime> {
    let grant = facts.grant?;
    let newest = facts
        .status
        .and_then(|status| status.facts.refresh_issued_at_ms);
    let issued = newest.or(grant.facts.refresh_issued_at_ms);
    let issued = issued.map(|ms| SystemTime::UNIX_EPOCH + Duration::from_millis(ms));
    issued.or_else(|| Some(grant.consented_at?.to_system_time()))
}

/// The class of what keeps the account from a token, or its token from being renewed.
fn class(status: &AccountStatus) -> Option<FailureClass> {
    if let Some(absent) = &status.unavailable {
        return match absent.reason {
            UnavailableReason::CredentialsRejected => Some(FailureClass::Rejected),
            UnavailableReason::NeedsConsent => Some(FailureClass::Interaction),
            UnavailableReason::Misconfigured => Some(FailureClass::Config),
            UnavailableReason::PluginFault => Some(FailureClass::Bug),
            UnavailableReason::Pending
            | UnavailableReason::CarrierUnreachable
            | UnavailableReason::TokenEndpointFailing
            | UnavailableReason::RateLimited => None,
        };
    }
    failed(status).map(|(class, _)| class)
}

/// The last failure, if it is about what the account has now.
fn failed(status: &AccountStatus) -> Option<(FailureClass, String)> {
    let last = status
        .last_result
        .as_ref()
        .filter(|_| status.failures > 0)?;
    // Of the credentials before these.
    if status.issued_at.is_some_and(|issued| last.at < issued) {
        return None;
    }
    match &last.outcome {
        RequestOutcome::Issued => None,
        RequestOutcome::Failed {
            class,
            code,
            message,
        } if message.contains(code.as_str()) => Some((*class, message.clone())),
        RequestOutcome::Failed {
            class,
            code,
            message,
        } => Some((*class, format!("{message} ({code})"))),
    }
}

/// The last failure, in words for people.
fn why(status: &AccountStatus) -> Option<String> {
    failed(status).map(|(_, text)| text)
}

fn in_progress(status: &AccountStatus) -> bool {
    matches!(status.state, "acquiring" | "renewing")
        || matches!(
            status.grant,
            GrantStatus::Presenting | GrantStatus::LastChance
        )
}

fn pending(status: &AccountStatus) -> bool {
    !status.usable && status.grant == GrantStatus::Repeatable
}
